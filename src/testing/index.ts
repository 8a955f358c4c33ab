export { simulate, type SimulateOptions, type Simulation } from './simulate.ts';
