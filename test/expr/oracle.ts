import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface OracleRequest {
  readonly expr: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly schemas?: Readonly<Record<string, object>>;
  readonly bindings?: unknown;
  readonly raw?: boolean;
  readonly native?: boolean;
  readonly bench?: number;
}

export interface OracleAnswer {
  readonly ok: boolean;
  readonly phase?: string;
  readonly err?: string;
  readonly type?: string;
  readonly val?: unknown;
  readonly native?: { readonly value: unknown };
  readonly nativeErr?: string;
  readonly evalNs?: number;
  readonly compileNs?: number;
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
  execFileSync('go', ['build', '-o', binary, './oracle'], { cwd: controlPlane, stdio: 'inherit' });
  return binary;
}

/** kro's CEL as a process: a question a line, an answer a line. */
export class Oracle {
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly waiting: ((answer: OracleAnswer) => void)[] = [];

  constructor(binary: string) {
    this.process = spawn(binary, [], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }) as unknown as ChildProcessWithoutNullStreams;
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      this.waiting.shift()?.(JSON.parse(line) as OracleAnswer);
    });
  }

  ask(request: OracleRequest): Promise<OracleAnswer> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.process.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  close(): void {
    this.process.stdin.end();
  }
}
