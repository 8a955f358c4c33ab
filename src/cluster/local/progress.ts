/** What the control plane is doing right now. */
export interface LocalProgress {
  readonly phase: 'build' | 'start' | 'stop' | 'wait';
  /** One sentence for a person. */
  readonly text: string;
  /** Share of the phase that is done, 0 to 1, where it is known. */
  readonly fraction?: number;
  /** Estimated seconds until the phase ends, where it is known. */
  readonly secondsLeft?: number;
}

export type OnProgress = (progress: LocalProgress) => void;
