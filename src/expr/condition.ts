import { CelObject } from './cel-values.ts';
import { conditionType, runtimeType } from './condition-type.ts';
import { fail } from './failure.ts';
import type { CelType } from './types.ts';

/** kro's status condition as a value. */
export class Condition extends CelObject {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;

  constructor(fields: { type?: string; status?: string; reason?: string; message?: string }) {
    super();
    this.type = fields.type ?? '';
    this.status = fields.status ?? '';
    this.reason = fields.reason ?? '';
    this.message = fields.message ?? '';
  }

  get celType(): CelType {
    return conditionType;
  }

  field(key: unknown): string {
    switch (key) {
      case 'type':
      case 'status':
      case 'reason':
      case 'message':
        return this[key];
      default:
        return fail('Condition: no such field');
    }
  }

  override equals(other: unknown): boolean {
    return (
      other instanceof Condition &&
      other.type === this.type &&
      other.status === this.status &&
      other.reason === this.reason &&
      other.message === this.message
    );
  }
}

/** The value of kro's variable `runtime`. */
class Runtime extends CelObject {
  get celType(): CelType {
    return runtimeType;
  }
}

export const runtime: Runtime = new Runtime();
