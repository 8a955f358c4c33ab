// Every marked line is refused by tsc with the codes given. TS2561 is TS2353 with "Did you mean to write …?".
import { apps, core, external, kind, simple } from '../../src/k8s/index.ts';

const Widget = kind<{ spec: { size: number }; status: { ready: boolean } }>({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
});
const metadata = { name: 'a' };
const template = { spec: { containers: [{ name: 'a', image: 'a:1' }] } };

export const widget = Widget({ metadata, spec: { size: 1 } });
export const refused = [
  simple.Deployment({ name: 'a', imag: 'a:1' }), // TS2561
  simple.Deployment({ name: 'a', image: 'a:1', replicas: '2' }), // TS2322
  simple.Deployment({ name: 'a', image: 'a:1', replicas: widget.status.ready }), // TS2322
  simple.Deployment({ name: 'a' }), // TS2741
  simple.Deployment({ name: 'a', image: 'a:1', env: { PORT: 3000 } }), // TS2322
  simple.Deployment({ name: 'a', image: 'a:1', configMaps: [{ name: 'a', mountpath: '/a' }] }), // TS2561
  simple.Service({ name: 'a', selector: { app: 'a' }, ports: [80] }), // TS2322
  simple.Service({ name: 'a', selector: { app: 'a' }, ports: [{ port: 80 }], type: 'LoadBalanser' }), // TS2820
  simple.ConfigMap({ name: 'a', data: { port: 80 } }), // TS2322
  simple.PersistentVolume({ name: 'a', namespace: 'a', size: '1Gi', hostPath: '/a' }), // TS2353
  simple.Widget({ name: 'a' }), // TS2339
  core.v1.ConfigMap({ metadata, dat: {} }), // TS2561
  core.v1.ConfigMap({ data: {} }), // TS2345
  core.v1.ConfigMap({ metadata: { nam: 'a' } }), // TS2561
  core.v1.ConfigMap({ metadata: { name: 'a', uid: 'a' } }), // TS2353
  apps.v1.Deployment({ metadata, spec: { selector: {}, template }, status: {} }), // TS2353
  apps.v1.Deployment({ apiVersion: 'apps/v1', metadata, spec: { selector: {}, template } }), // TS2353
  apps.v1.Deployment({ metadata, spec: { template } }), // TS2741
  apps.v1.Deployment({ metadata, spec: { replica: 1, selector: {}, template } }), // TS2561
  apps.v1.Deployment({ metadata, spec: { selector: {}, template: { spec: { containers: [{ name: 'a', imag: 'a:1' }] } } } }), // TS2561
  simple.Deployment({ name: 'a', image: 'a:1', ports: [{ containerport: 80 }] }), // TS2561
  simple.Deployment({ name: 'a', image: 'a:1', livenessProbe: { httpget: { port: 80 } } }), // TS2561
  simple.Deployment({ name: 'a', image: 'a:1', resources: widget.metadata }), // TS2322
  apps.v1.Deploymint({ metadata }), // TS2551
  Widget({ metadata, spec: { size: '1' } }), // TS2322
  external(core.v1.Service, {}), // TS2769
  widget.status.redy, // TS2551
];
