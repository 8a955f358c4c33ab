import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { kubectl } from '../../src/cluster/local/local.ts';
import { toYaml } from '../../src/gitops/yaml.ts';
import { awkwardObject } from '../gitops/awkward-object.ts';
import { place } from './place.ts';

it('YAML is read back as it was by sigs.k8s.io/yaml, the reader of Kubernetes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubewright-yaml-'));
  try {
    const file = join(folder, 'object.yaml');
    writeFileSync(file, toYaml(awkwardObject));
    const directory = join(place.stateHome, 'kubewright', 'default');
    const command = await kubectl(['create', '--dry-run=client', '--validate=false', '--output=json', '-f', file], {
      directory,
    });
    const read = JSON.parse(
      execFileSync(command.file, command.args, { env: { ...process.env, ...command.env }, encoding: 'utf8' }),
    ) as typeof awkwardObject;
    expect({ ...read, metadata: { name: read.metadata.name } }).toEqual(awkwardObject);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
