import { fail } from './failure.ts';

/** Values of the variables: plain JSON by name, or a function that is asked when a variable is read. */
export type Bindings = Readonly<Record<string, unknown>> | ((name: string) => unknown);

/** What one evaluation works on. */
export interface Frame {
  readonly bindings: Bindings;
  /** Variables of comprehensions, by the slot that the compiler gave them. */
  readonly locals: unknown[];
}

/** A compiled expression. What it throws is a `Failure`. */
export type Code = (frame: Frame) => unknown;

/** Far more than any resource graph needs, and less than a second of work. */
const costLimit = 20_000_000;
let spent = 0;

export function resetCost(): void {
  spent = 0;
}

/** Counts a long text that was made. */
export function spendText(text: string): string {
  if (text.length > 65_536) spend(text.length / 16);
  return text;
}

/** Counts iterations and copied elements; stops an expression that would not end in reasonable time. */
export function spend(cost: number): void {
  spent += cost;
  if (spent > costLimit) fail('operation cancelled: actual cost limit exceeded');
}
