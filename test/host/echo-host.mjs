/** As JavaScript, so that a thread loads no TypeScript for it; what it needs of the program comes from whoever loads it. */

export function echoHosts(StreamError) {
  return { 'micro-batch': createEchoHost, record: createEchoHost };

  function createEchoHost({ plan, functions, scheduler, worker, seed, send }) {
    if (functions.size === 0) throw new Error('an echo needs functions');
    return {
      onMessage: (message) => {
        if (message === 'throw') throw new Error('I was told to throw');
        if (message === 'throw later')
          return scheduler.soon(() => {
            throw new Error('I was told to throw later');
          });
        if (message === 'break') throw new StreamError('RG054', 'the state is damaged', 'restore a copy');
        if (message === 'send a function') return send(() => 1);
        if (message === 'transfer') {
          const times = Float64Array.of(1, 2, 3);
          return send({ times }, [times.buffer]);
        }
        if (message === 'call') functions.get('1:flatMap')('rain');
        send({ echo: message, worker, seed, stages: plan.stages.length });
      },
    };
  }
}
