/** What the files of a new project depend on. */
export interface ProjectFacts {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** The files of a new project, by path. */
export function projectFiles(facts: ProjectFacts): Readonly<Record<string, string>> {
  return {
    'package.json': json(packageJson(facts)),
    'tsconfig.json': json(tsconfig),
    '.oxlintrc.json': json(oxlintrc),
    '.gitignore': 'node_modules/\n*.log\n',
    'README.md': readme(facts.name),
    'stacks/app.ts': stack,
    'environments/dev.ts': environment,
  };
}

function packageJson({ name, dependencies, devDependencies }: ProjectFacts): object {
  return {
    name,
    private: true,
    type: 'module',
    scripts: {
      deploy: 'tsx stacks/app.ts --env dev',
      synth: 'tsx stacks/app.ts synth',
      check: 'tsc && oxlint && tsx stacks/app.ts validate',
    },
    dependencies,
    devDependencies,
    // Newer versions of npm ask before they run the install scripts of packages.
    allowScripts: Object.fromEntries(
      ['esbuild', ...('node' in devDependencies ? ['node'] : [])].map((it) => [it, true]),
    ),
  };
}

const tsconfig = {
  compilerOptions: {
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['stacks', 'environments'],
};

const oxlintrc = {
  $schema: './node_modules/oxlint/configuration_schema.json',
  extends: ['./node_modules/kubewright/oxlint.json'],
  options: { typeAware: true },
};

const stack = `import { type } from 'arktype';
import { Cel, run, simple, toResourceGraph } from 'kubewright';

export const app = toResourceGraph(
  {
    name: 'app',
    apiVersion: 'example.com/v1alpha1',
    kind: 'App',
    // What environments choose.
    spec: type({
      environment: '"development" | "production"',
      image: 'string',
      replicas: 'number.integer >= 0 = 1',
    }),
    // What a deployment tells.
    status: type({ ready: 'boolean', address: 'string' }),
  },
  (schema) => {
    const config = simple.ConfigMap({
      name: 'app-config',
      // A reference has no value yet, so that conditions are written with combinators.
      data: { LOG_LEVEL: schema.spec.environment.eq('production').choose('info', 'debug') },
    });
    return {
      config,
      web: simple.Deployment({
        name: 'app',
        image: schema.spec.image,
        replicas: schema.spec.replicas,
        ports: [{ containerPort: 80 }],
        envFrom: [{ configMapRef: { name: config.metadata.name } }],
      }),
      service: simple.Service({ name: 'app', selector: { app: 'app' }, ports: [{ port: 80 }] }),
    };
  },
  (_schema, { web, service }) => ({
    ready: web.status.readyReplicas.orElse(0).eq(web.spec.replicas),
    address: Cel.template\`http://\${service.metadata.name}\`,
  }),
);

run(import.meta, app);
`;

const environment = `import { defineEnvironment, local } from 'kubewright';
import type { app } from '../stacks/app.ts';

export default defineEnvironment<{ app: typeof app }>({
  cluster: local(),
  mode: 'direct',
  namespace: 'app-dev',
  values: { app: { environment: 'development', image: 'nginx:alpine' } },
});
`;

function readme(name: string): string {
  return `# ${name}

\`stacks/app.ts\` says which resources there are, \`environments/dev.ts\` where they go and with which values.

\`\`\`sh
npm install
npm run deploy     # to the local control plane, which is built the first time (Go >= 1.26)
npm run synth      # manifests in dist/, for GitOps
npm run check      # types, references used as conditions, values of all environments
\`\`\`

\`npx tsx stacks/app.ts help\` lists what else there is.
`;
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
