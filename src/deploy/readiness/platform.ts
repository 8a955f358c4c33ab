import type { KubernetesObject } from '../../cluster/cluster.ts';
import { groupKind, keys } from '../identity.ts';
import {
  byConditions,
  condition,
  explain,
  failed,
  fields,
  ready,
  text,
  waiting,
  type Condition,
  type Fields,
  type Rule,
  type Subject,
} from './verdict.ts';

export const exists: Rule = () => ready;

export const service: Rule = ({ object, spec, status }, { endpoints }) => {
  const { name, namespace = '', annotations } = object.metadata;
  const told = annotations?.[keys.waitForEndpoints] ?? 'false';
  if (told !== 'true' && told !== 'false')
    return failed(`annotation ${keys.waitForEndpoints} takes "true" or "false" (was ${JSON.stringify(told)})`);
  if (spec['type'] === 'LoadBalancer' && !hasAddress(status)) return waiting('its load balancer has no address yet');
  if (waitsForEndpoints(object) && endpoints && !endpoints({ namespace, name }))
    return waiting('none of its endpoints is ready');
  return ready;
};

/** Whether a Service is told to be ready only with an endpoint. */
export function waitsForEndpoints(object: KubernetesObject): boolean {
  return groupKind(object) === 'Service' && object.metadata.annotations?.[keys.waitForEndpoints] === 'true';
}

/** Not every controller reports an address, so an Ingress never holds up a deployment for long. */
export const ingress: Rule = ({ status }) =>
  hasAddress(status) ? ready : waiting('its controller has reported no address yet', 10_000);

function hasAddress(status: Fields): boolean {
  const list = fields(status['loadBalancer'])['ingress'];
  return Array.isArray(list) && list.length > 0;
}

export const volumeClaim: Rule = ({ spec, status }, { waitsForConsumer }) => {
  if (status['phase'] === 'Bound') return ready;
  if (status['phase'] === 'Lost') return failed('its volume is lost');
  const className = spec['storageClassName'];
  const lazy = className === '' ? false : waitsForConsumer?.(text(className));
  if (lazy === true) return { state: 'ready', reason: 'it is bound when a pod uses it' };
  return waiting(`phase ${text(status['phase']) ?? 'unknown'}`, lazy === undefined ? 10_000 : undefined);
};

export const namespace: Rule = ({ status }) =>
  status['phase'] === 'Active' ? ready : waiting(`phase ${text(status['phase']) ?? 'unknown'}`);

export const customResourceDefinition: Rule = (subject, { served }) => {
  const names = condition(subject, 'NamesAccepted');
  if (names?.status === 'False') return failed(explain(names, 'its names are taken'));
  const verdict = byConditions(['Established', 'NamesAccepted'])(subject, {});
  if (verdict.state !== 'ready' || !served || served(subject.object)) return verdict;
  return waiting(`${String(fields(subject.spec['names'])['kind'])} is not served yet`);
};

export const apiService: Rule = byConditions(['Available']);

/** Calls fail until somebody has put the certificate authority in, and until something answers behind the Service. */
export const webhookConfiguration: Rule = ({ object }, { endpoints }) => {
  for (const { name, clientConfig } of (object['webhooks'] ?? []) as readonly Fields[]) {
    const { caBundle, service } = fields(clientConfig);
    if (!service) continue;
    if (!text(caBundle)) return waiting(`webhook ${String(name)} has no caBundle yet`);
    const [namespace = '', target = ''] = ['namespace', 'name'].map((key) => text(fields(service)[key]));
    if (endpoints && !endpoints({ namespace, name: target }))
      return waiting(`Service ${namespace}/${target} of webhook ${String(name)} has no endpoint that is ready`);
  }
  return ready;
};

export const gateway: Rule = byConditions(['Accepted', 'Programmed']);

export const route: Rule = ({ object, spec, status }) => {
  const wanted = ((spec['parentRefs'] ?? []) as readonly unknown[]).length;
  const parents = (status['parents'] ?? []) as readonly { readonly conditions?: readonly Condition[] }[];
  if (parents.length < wanted) return waiting(`${parents.length} of ${wanted} parents have answered`);
  for (const { conditions = [] } of parents) {
    for (const type of ['Accepted', 'ResolvedRefs']) {
      const found = conditions.find((entry) => entry.type === type);
      const current = (found?.observedGeneration ?? 0) >= (object.metadata.generation ?? 0);
      if (!found || !current || found.status !== 'True')
        return waiting(
          `${type} is ${current ? (found?.status ?? 'not reported') : 'not reported for this generation'} (${explain(found, 'no reason given')})`,
        );
    }
  }
  return ready;
};

/** A status that is still missing after this time will not come. */
const firstStatusMs = 10_000;

/**
 * Custom resources of unknown kinds: `Ready`, or `Available`, where their definition declares conditions or they show
 * some. A controller may write others first, and may never write those two: they are waited for until the conditions
 * have been as they are for a while.
 */
export const customResource: Rule = (subject, { declaresConditions }) => {
  const { conditions } = subject;
  const type = ['Ready', 'Available'].find((each) => conditions.some((entry) => entry.type === each));
  if (type) return byConditions([type])(subject, {});
  if (conditions.length === 0)
    return declaresConditions?.(subject.object) ? waiting('it has no status yet', firstStatusMs) : ready;
  const types = conditions.map((entry) => entry.type).join(', ');
  return isSettled(subject) ? ready : waiting(`it says neither Ready nor Available, but ${types}`, firstStatusMs);
};

/** Whether all conditions are about the current generation, and none has changed lately. */
function isSettled({ conditions, object: { metadata } }: Subject): boolean {
  return conditions.every(({ observedGeneration = Infinity, lastTransitionTime = metadata.creationTimestamp }) => {
    const age = Date.now() - Date.parse(lastTransitionTime ?? '');
    return observedGeneration >= (metadata.generation ?? 0) && age >= firstStatusMs;
  });
}
