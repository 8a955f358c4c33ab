export { simulate, type SimulateOptions, type Simulation } from './simulate.ts';
export { render, type Rendering, type RenderOptions } from './render.ts';
