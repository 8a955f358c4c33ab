import { Cel, type CelBuilders } from './cel.ts';

/**
 * The field of an object or record, whatever its name is.
 *
 * @example
 * field<string>(service.metadata.annotations, 'example.com/owner');
 */
export const field: CelBuilders['field'] = (object, name) => Cel.field(object, name);
