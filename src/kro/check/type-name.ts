import { formatType } from '../../expr/check.ts';
import type { CelType } from '../../expr/types.ts';

const names: Readonly<Record<string, string>> = {
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
  null: 'null_type',
};

/** A type as Go's `String()` gives it, which kro's own messages show; cel-go's messages have short names. */
export function typeName(type: CelType): string {
  return formatType(type).replaceAll(/(?<![\w.])(timestamp|duration|null)(?![\w.])/g, (name) => names[name] ?? name);
}
