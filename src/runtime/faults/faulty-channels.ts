/** Acks, fails and tuples that are lost, doubled or late on their way, as a fault plan says; and acker tasks that are lost. */
import type { Scheduler } from '../world.js';
import type { Fault, FaultPlan } from './fault-plan.js';

type ChannelFault = Extract<
  Fault,
  { readonly kind: 'drop-ack' | 'duplicate-ack' | 'delay-ack' | 'drop-fail' | 'drop-tuple' }
>;

/** The parts of the record model's channels that can be decorated: what `ChannelDecorator` of the executors asks for. */
export interface FaultyChannels {
  acks<Arguments extends unknown[]>(
    component: string,
    send: (...given: Arguments) => void,
  ): (...given: Arguments) => void;
  fails(component: string, send: () => void): void;
  tuples(component: string): (() => boolean) | undefined;
  /** Handed the way to lose what an acker task knows, for `lose`. */
  ackers(reset: (acker: number) => void): void;
  lose(acker: number): void;
}

/** Undefined when the plan has no fault for channels. */
export function faultyChannels(plan: FaultPlan, scheduler: Scheduler, now: () => number): FaultyChannels | undefined {
  const faults = plan
    .filter((fault): fault is ChannelFault => /-(ack|fail|tuple)$/.test(fault.kind))
    .map((fault) => ({ fault, count: 0 }));
  if (faults.length === 0 && !plan.some(({ kind }) => kind === 'lose-acker')) return undefined;
  let loseAcker: (acker: number) => void = () => {};
  const of = (component: string, what: 'ack' | 'fail' | 'tuple'): typeof faults =>
    faults.filter(({ fault }) => fault.target === component && fault.kind.endsWith(what));
  return {
    acks: (component, send) => {
      const own = of(component, 'ack');
      if (own.length === 0) return send;
      return (...given) => {
        const struck = own.filter((entry) => ++entry.count === entry.fault.nth)[0]?.fault;
        if (struck?.kind === 'drop-ack') return;
        if (struck?.kind === 'delay-ack') {
          scheduler.at(now() + struck.span, () => send(...given));
          return;
        }
        send(...given);
        if (struck?.kind === 'duplicate-ack') send(...given);
      };
    },
    fails: (component, send) => {
      if (of(component, 'fail').filter((entry) => ++entry.count === entry.fault.nth).length === 0) send();
    },
    ackers: (reset) => {
      loseAcker = reset;
    },
    lose: (acker) => loseAcker(acker),
    tuples: (component) => {
      const own = of(component, 'tuple');
      if (own.length === 0) return undefined;
      return () => own.filter((entry) => ++entry.count === entry.fault.nth).length === 0;
    },
  };
}
