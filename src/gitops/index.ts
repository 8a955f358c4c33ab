export { compareFolder, type FolderDifference, type Files, writeFolder } from './folder.ts';
export { synthesize, type SynthOptions, type Synthesis } from './synth.ts';
export { toYaml } from './yaml.ts';
