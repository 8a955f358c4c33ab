import type { Node } from './ast.ts';
import type { Typed } from './typed.ts';

export function validateFormats(_tree: Typed, _issue: (at: Node, reason: string) => void): void {}
