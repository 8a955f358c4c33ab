import { fail } from '../failure.ts';
import { type Int, toInt } from '../int64.ts';
import { Duration, Timestamp } from '../time.ts';
import type { Implementation, Library } from './overload.ts';

/** Calendar fields of a time whose UTC fields are those of the zone. */
type Field = (date: Date, time: Timestamp) => number;

const day = 86_400_000;
const fields: Readonly<Record<string, Field>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDayOfYear: (date) => Math.floor((date.getTime() - startOfYear(date)) / day),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDate: (date) => date.getUTCDate(),
  getDayOfWeek: (date) => date.getUTCDay(),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (_date, time) => Math.floor(time.nanos / 1e6),
};

function startOfYear(date: Date): number {
  const start = new Date(0);
  start.setUTCFullYear(date.getUTCFullYear(), 0, 1);
  return start.getTime();
}

const durations: Readonly<Record<string, (duration: Duration) => Int>> = {
  getHours: ({ nanoseconds }) => toInt(nanoseconds / 3_600_000_000_000n),
  getMinutes: ({ nanoseconds }) => toInt(nanoseconds / 60_000_000_000n),
  getSeconds: ({ nanoseconds }) => toInt(nanoseconds / 1_000_000_000n),
  getMilliseconds: ({ nanoseconds }) => toInt(nanoseconds / 1_000_000n),
};

export const timeGetters: Library = Object.fromEntries(
  Object.entries(fields).map(([name, field]) => {
    const getters: Record<string, Implementation> = {
      'timestamp.(): int': (time: Timestamp) => field(new Date(time.seconds * 1000), time),
      'timestamp.(string): int': (time: Timestamp, zone: string) => field(zoned(time, zone), time),
    };
    const ofDuration = Object.hasOwn(durations, name) ? durations[name] : undefined;
    if (ofDuration) getters['duration.(): int'] = ofDuration;
    return [name, getters];
  }),
);

function zoned(time: Timestamp, zone: string): Date {
  const colon = zone.indexOf(':');
  const offset = colon < 0 ? namedOffset(time, zone) : fixedOffset(zone, colon);
  return new Date((time.seconds + offset) * 1000);
}

/** `+02:00`, `-5:30`, `02:00`: the offset in seconds. */
function fixedOffset(zone: string, colon: number): number {
  const hours = integer(zone.slice(0, colon));
  const minutes = integer(zone.slice(colon + 1));
  if (hours < -23 || hours > 23) return fail('timezone offset hours out of range [-23, 23]');
  if (minutes < 0 || minutes > 59) return fail('timezone offset minutes out of range [0, 59]');
  return 60 * (zone.startsWith('-') ? hours * 60 - minutes : hours * 60 + minutes);
}

function integer(text: string): number {
  return /^[+-]?\d{1,9}$/.test(text) ? Number(text) : fail('strconv.Atoi: invalid syntax in timezone offset');
}

/** Zones that Go reads as mere offsets; Intl takes them for the history of a place. */
const fixedZones: ReadonlyMap<string, number> = new Map([
  ['EST', -18_000],
  ['MST', -25_200],
  ['HST', -36_000],
]);
const formats = new Map<string, Intl.DateTimeFormat>();

function namedOffset(time: Timestamp, zone: string): number {
  // kro runs in UTC.
  if (zone === '' || zone === 'UTC' || zone === 'Local') return 0;
  const fixed = fixedZones.get(zone);
  if (fixed !== undefined) return fixed;
  let format = formats.get(zone);
  if (!format) {
    if (/^[+-]|^local$/i.test(zone)) return fail('unknown time zone');
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        era: 'short',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      return fail('unknown time zone');
    }
    formats.set(zone, format);
  }
  const parts = new Map(format.formatToParts(new Date(time.seconds * 1000)).map(({ type, value }) => [type, value]));
  const number = (name: Intl.DateTimeFormatPartTypes) => Number(parts.get(name));
  const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year');
  const local = new Date(0);
  local.setUTCFullYear(year, number('month') - 1, number('day'));
  local.setUTCHours(number('hour'), number('minute'), number('second'));
  return local.getTime() / 1000 - time.seconds;
}
