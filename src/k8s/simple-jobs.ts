import type { ICronJob } from 'kubernetes-models/batch/v1/CronJob';
import type { IJob } from 'kubernetes-models/batch/v1/Job';
import type { Input, Inputs } from '../expr/expression.ts';
import { appLabel, checkWorkloadName } from './app-name.ts';
import { batch } from './kinds.generated.ts';
import { type Namespaced, namespaced, type Shorthand, shorthand } from './shorthand.ts';

export interface JobProperties extends Namespaced {
  readonly image: Input<string>;
  /** Replaces the image's entry point. */
  readonly command?: Inputs<string[]> | undefined;
  /** Pods that have to succeed. @default 1, by the server */
  readonly completions?: Input<number> | undefined;
  /** Retries before the Job has failed. @default 6, by the server */
  readonly backoffLimit?: Input<number> | undefined;
  /** @default 'OnFailure' */
  readonly restartPolicy?: Input<'OnFailure' | 'Never'> | undefined;
}

export interface CronJobProperties extends Namespaced {
  readonly image: Input<string>;
  /** When it runs, as cron has it: `0 3 * * *`. */
  readonly schedule: Input<string>;
  /** Replaces the image's entry point. */
  readonly command?: Inputs<string[]> | undefined;
}

/**
 * A Job with one container.
 *
 * @example
 * simple.Job({ name: 'migrate', image: schema.spec.image, command: ['npm', 'run', 'migrate'], backoffLimit: 0 });
 */
export const Job: Shorthand<JobProperties, IJob> = shorthand({
  kind: batch.v1.Job,
  properties: {
    ...namespaced,
    image: 'required',
    command: 'optional',
    completions: 'optional',
    backoffLimit: 'optional',
    restartPolicy: 'optional',
  },
  body: (properties, refuse) => {
    const { name, namespace, completions, backoffLimit, restartPolicy = 'OnFailure' } = properties;
    checkWorkloadName(name, refuse);
    return {
      metadata: { name, namespace, labels: appLabel(name) },
      spec: { completions, backoffLimit, template: podTemplate(properties, restartPolicy) },
    };
  },
});

/**
 * A CronJob with one container, which is restarted when it fails.
 *
 * @example
 * simple.CronJob({ name: 'backup', image: 'backup:1.0', schedule: '0 3 * * *' });
 */
export const CronJob: Shorthand<CronJobProperties, ICronJob> = shorthand({
  kind: batch.v1.CronJob,
  properties: { ...namespaced, image: 'required', schedule: 'required', command: 'optional' },
  body: (properties, refuse) => {
    const { name, namespace, schedule } = properties;
    checkWorkloadName(name, refuse);
    return {
      metadata: { name, namespace, labels: appLabel(name) },
      spec: { schedule, jobTemplate: { spec: { template: podTemplate(properties, 'OnFailure') } } },
    };
  },
});

function podTemplate({ name, image, command }: JobProperties, restartPolicy: Input<string>): object {
  return { metadata: { labels: appLabel(name) }, spec: { containers: [{ name, image, command }], restartPolicy } };
}
