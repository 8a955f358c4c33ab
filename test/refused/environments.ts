// Every marked line is refused by tsc with the codes given: environments are typed by the graphs that they have values for.
import { type } from 'arktype';
import { defineEnvironment, factory, local, simple, toResourceGraph } from 'kubewright';

const shop = toResourceGraph(
  {
    name: 'shop',
    apiVersion: 'example.com/v1',
    kind: 'Shop',
    spec: type({ image: 'string', size: '"s" | "m" = "s"', gateway: { replicas: 'number.integer' } }),
    status: type({ ready: 'boolean' }),
  },
  (schema) => ({ web: simple.Deployment({ name: 'web', image: schema.spec.image }) }),
  (_schema, { web }) => ({ ready: web.status.readyReplicas.orElse(0).gt(0) }),
);
type Graphs = { shop: typeof shop };

export const complete = defineEnvironment<Graphs>({
  cluster: local(),
  mode: 'direct',
  values: { shop: { image: 'shop', gateway: { replicas: 1 } } },
});
export const part = defineEnvironment<Graphs>({ extends: complete, values: { shop: { gateway: {} } } });
export const type1 = defineEnvironment<Graphs>({ values: { shop: { image: 5 } } }); // TS2322
export const type2 = defineEnvironment<Graphs>({ values: { shop: { gateway: { replicas: 'two' } } } }); // TS2322
export const union = defineEnvironment<Graphs>({ values: { shop: { size: 'l' } } }); // TS2322
export const key = defineEnvironment<Graphs>({ values: { shop: { imag: 'shop' } } }); // TS2561
export const nested = defineEnvironment<Graphs>({ values: { shop: { gateway: { replica: 1 } } } }); // TS2561
export const graph = defineEnvironment<Graphs>({ values: { shopp: {} } }); // TS2561
export const setting = defineEnvironment<Graphs>({ namepsace: 'shop' }); // TS2561
export const mode = defineEnvironment<Graphs>({ mode: 'helm' }); // TS2322
export const cluster = defineEnvironment<Graphs>({ cluster: 'prod' }); // TS2322
export const secret = defineEnvironment<Graphs>({ secrets: { token: { TOKEN: 'in git' } } }); // TS2322

export const deployed = factory('direct').deploy(shop, { image: 'shop', gateway: { replicas: 1 } });
export const ready: Promise<boolean | undefined> = deployed.then(({ status }) => status.ready);
export const misread = deployed.then(({ status }) => status.readyy); // TS2551
export const missing = factory('direct').deploy(shop, { image: 'shop' }); // TS2741
export const bound = shop.factory('kro').deploy({ image: 5, gateway: { replicas: 1 } }); // TS2322
export const unknown = factory('helm'); // TS2345
