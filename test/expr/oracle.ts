import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';

export interface OracleRequest {
  readonly expr: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly schemas?: Readonly<Record<string, object>>;
  readonly bindings?: unknown;
  readonly raw?: boolean;
  readonly native?: boolean;
  readonly bench?: number;
  /** Asks the API server's CEL of rules instead of kro's. */
  readonly rules?: boolean;
}

export interface OracleAnswer {
  readonly ok: boolean;
  readonly phase?: string;
  readonly err?: string;
  readonly type?: string;
  readonly val?: unknown;
  /** Estimated, of rules. */
  readonly cost?: number;
  readonly native?: { readonly value: unknown };
  readonly nativeErr?: string;
  readonly evalNs?: number;
  readonly compileNs?: number;
}

/** What kro's builder is asked. Kinds beyond `crds` are those of the cluster that was named last. */
export interface GraphRequest {
  readonly definition: object | string;
  readonly crds?: readonly object[];
  readonly featureGates?: readonly string[];
  readonly bench?: number;
}

export interface GraphAnswer {
  readonly ok: boolean;
  /** Who refuses: kro's `build`, or the API server, which refuses the kind (`crd`). */
  readonly phase?: 'request' | 'panic' | 'build' | 'crd';
  readonly err?: string;
  readonly order?: readonly string[];
  readonly dependencies?: Readonly<Record<string, readonly string[] | null>>;
  readonly crd?: {
    readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: unknown } }[] };
  };
  /** Of the thread's processor time, for one build. */
  readonly buildNs?: number;
}

export interface ResolveRequest extends GraphRequest {
  readonly instance: object | string;
  readonly observed?: readonly object[];
}

export interface ResolveAnswer {
  readonly ok: boolean;
  /** Who refuses: also the API server the `instance`, and kro what waiting does not heal (`resolve`, `status`). */
  readonly phase?: GraphAnswer['phase'] | 'instance' | 'resolve' | 'status';
  readonly err?: string;
  readonly node?: string;
  readonly state?: 'ACTIVE' | 'IN_PROGRESS' | 'ERROR';
  readonly nodes?: Readonly<Record<string, ResolvedNode>>;
  readonly status?: Readonly<Record<string, unknown>>;
  /** What the API server has against the status. */
  readonly statusErr?: string;
  /** The author's, with empty texts for what they leave out. */
  readonly conditions?: readonly Readonly<Record<'type' | 'status' | 'reason' | 'message', string>>[];
  readonly conditionsErr?: string;
}

/** A resource when nothing changes any more: `pending` is not made, `waiting` is made and not ready. */
export interface ResolvedNode {
  readonly state: 'skipped' | 'pending' | 'waiting' | 'ready' | 'error';
  readonly err?: string;
  readonly objects?: readonly Readonly<Record<string, unknown>>[];
  /** What an external reference looks for. */
  readonly reads?: Readonly<Record<string, unknown>>;
}

export interface AdmitRequest extends GraphRequest {
  readonly instances: readonly object[];
}

export interface AdmitAnswer {
  readonly ok: boolean;
  /** Who refuses the definition. */
  readonly phase?: GraphAnswer['phase'];
  readonly err?: string;
  /** What the API server has against an instance, or what it stores of it. */
  readonly instances?: readonly { readonly err?: string; readonly object?: Readonly<Record<string, unknown>> }[];
}

const controlPlane = fileURLToPath(new URL('../../control-plane', import.meta.url));

/** The path of the oracle, built when it is not there; `undefined` without Go. `CEL_ORACLE` names one that is built. */
export function oracleBinary(): string | undefined {
  const given = process.env['CEL_ORACLE'];
  if (given) return given;
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const binary = join(mkdtempSync(join(tmpdir(), 'cel-oracle-')), 'oracle');
  // With the flags of the control plane, so that what it compiled is not compiled again.
  execFileSync('go', ['build', '-trimpath', '-buildvcs=false', '-o', binary, './oracle'], {
    cwd: controlPlane,
    stdio: 'inherit',
  });
  return binary;
}

/** The kinds that kro itself brings to a cluster. */
export function kroCrds(): object[] {
  const list = ['list', '-m', '-f', '{{.Dir}}', 'github.com/kubernetes-sigs/kro'];
  const folder = join(execFileSync('go', list, { cwd: controlPlane, encoding: 'utf8' }).trim(), 'helm', 'crds');
  return readdirSync(folder).map((name) => load(readFileSync(join(folder, name), 'utf8')) as object);
}

/** kro as a process: a question a line, an answer a line. */
export class Oracle {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly waiting: ((answer: unknown) => void)[] = [];

  constructor(binary: string) {
    this.process = spawn(binary, [], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }) as unknown as ChildProcessWithoutNullStreams;
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      this.waiting.shift()?.(JSON.parse(line));
    });
  }

  ask(request: OracleRequest): Promise<OracleAnswer> {
    return this.send(request);
  }

  /** What the cluster of the questions behind it serves: Kubernetes' own kinds, and those of CustomResourceDefinitions. */
  cluster(kinds: readonly object[], crds: readonly object[]): Promise<{ readonly ok: boolean; readonly err?: string }> {
    return this.send({ command: 'cluster', kinds, crds });
  }

  /** What kro's builder says to a definition. */
  graph(request: GraphRequest): Promise<GraphAnswer> {
    return this.send({ command: 'graph', ...request });
  }

  /** What kro makes of an instance, until nothing changes any more. */
  resolve(request: ResolveRequest): Promise<ResolveAnswer> {
    return this.send({ command: 'resolve', ...request });
  }

  /** What the API server says to instances of the kind that a definition makes. */
  admit(request: AdmitRequest): Promise<AdmitAnswer> {
    return this.send({ command: 'admit', ...request });
  }

  private send<T>(request: object): Promise<T> {
    return new Promise((resolve) => {
      this.waiting.push(resolve as (answer: unknown) => void);
      this.process.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  close(): void {
    this.process.stdin.end();
  }
}
