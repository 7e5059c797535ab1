/** SIGUSR2: deactivates a running job, and activates it again. What `storm deactivate` and `storm activate` do from elsewhere. */
import type { StartedJob } from '../host/run.js';

/** Listens until `release`. Where there is no such signal (Windows) nothing ever comes. */
export function watchActivation(
  job: Pick<StartedJob, 'status' | 'activate' | 'deactivate'>,
  quiet: boolean,
): () => void {
  const change = (): void => {
    const isActive = job.status === 'active';
    if (isActive) job.deactivate();
    else job.activate();
    if (quiet || job.status === 'stopping') return;
    const told = isActive
      ? `deactivated: nothing more is read until the next SIGUSR2 (kill -USR2 ${process.pid})`
      : 'activated: reading goes on';
    process.stderr.write(`\n${told}\n`);
  };
  process.on('SIGUSR2', change);
  return () => void process.off('SIGUSR2', change);
}
