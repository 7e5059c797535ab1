/**
 * Planted defects of the fault-tolerance code: the simulation is as good as what it finds of them. Each replaces text in the built
 * program, which must stand there exactly once. `kills.json` says which seed finds it.
 */

const MICRO = 'executors/micro-batch';
const RECORD = 'executors/record';

/** Where defects are looked for; `expiry` needs a job whose state ends with its windows. */
const JOBS = ['test/compare/simulate/shop.ts', 'comparisons/word-count.ts', 'test/compare/simulate/relay.ts'];
const WINDOWED_JOBS = ['test/compare/simulate/panes.ts'];
/** Slow tasks have twins only in stages of several tasks. */
const SPREAD_JOBS = ['test/compare/simulate/spread.ts'];

/** Flags for several plans of faults at once. */
function faults(count, plan) {
  return Array.from({ length: count }, (_, i) => plan(i + 1))
    .flat()
    .flatMap((fault) => ['--fault', fault]);
}

/** The runs that can find a defect; where only answers to one tree can, with the plan. */
const FLAGS = {
  both: [],
  'micro-batch': ['--mode', 'micro-batch'],
  record: ['--mode', 'record'],
  'record, at least once': ['--mode', 'record', '--guarantee', 'at-least-once'],
  'late acks': [
    ...['--mode', 'record', '--guarantee', 'at-least-once', '--workers', '2'],
    ...faults(5, (n) => [`delay-ack:stays@${9 * n}+8s`, `delay-ack:seen@${7 * n}+8s`]),
  ],
  'acks twice': [
    ...['--mode', 'record', '--guarantee', 'at-least-once', '--workers', '0'],
    ...faults(4, (n) => [`duplicate-ack:stays@${16 + n}`, `drop-tuple:seen@${18 + n}`]),
  ],
  'acked on expiry': ['--mode', 'record', '--guarantee', 'at-least-once', '--workers', '2', '--ack-on', 'expiry'],
  'workers, exactly once': ['--mode', 'record', '--guarantee', 'exactly-once', '--workers', '2'],
  'workers, micro-batch': ['--mode', 'micro-batch', '--workers', '2'],
  'slow workers': [
    ...['--mode', 'micro-batch', '--workers', '3'],
    ...['--fault', 'stop:even@40%+2s', '--fault', 'stop:counts@60%+2s'],
  ],
  'micro-batch, at most once': ['--mode', 'micro-batch', '--guarantee', 'at-most-once'],
};

/** @returns {import('./mutants.mjs').Mutant} */
function mutant(name, where, breaks, ...edits) {
  return {
    name,
    jobs: where === 'acked on expiry' ? WINDOWED_JOBS : where === 'slow workers' ? SPREAD_JOBS : JOBS,
    where: FLAGS[where],
    breaks,
    edits: edits.map(([file, find, replace]) => ({ file, find, replace })),
  };
}

const SYNC_OF_RECORDS = 'await file.sync();\n        this.#written += group.length;';
const FIRST_WAIT = `            if (this.#mustBeLogged(batch))
                yield batch.logged.done;
            this.#begin(batch);`;
const SECOND_WAIT = `        if (batch.logged?.isDurable === false)
            yield batch.logged.done;
        if (batch.results === 'new')`;
const PREPARE = 'yield Promise.all(this.#sinks.map((sink) => sink.prepare(batch)));';
const PREPARED = `if (this.#durability !== undefined)
            yield this.#durability.log({ kind: 'prepared', batch });`;
const COMMIT = 'yield Promise.all(this.#sinks.map((sink) => sink.commit(batch)));';
const SAVE = 'await durability?.save({ meta: cut.meta, stores });';
const COMMIT_EPOCH = 'await Promise.all(transactions.map((transaction) => transaction.commit(epoch)));';

/*
 * Left out, since nobody outside can tell them from the program:
 * - stream times of a source partition that begin anew: the reader gives the heartbeats at its place again, and the gates behind it,
 *   which are restored, let nothing older pass;
 * - gates within a chain that begin anew: all their inputs hear of the same watermark in the same call;
 * - trees of a lost worker that do not fail at once: they time out, and are replayed then;
 * - a checkpoint too few that is kept, or log that only an older one needs: nothing damages a checkpoint that is whole.
 */
export const MUTANTS = [
  // The acker's ledger.
  mutant('ack-early', 'record', 'a tree is done with its first ack, not its last', [
    `${RECORD}/acker.js`,
    'if (nextHigh === 0 && nextLow === 0 && this.#states[root] === INITIALISED) {',
    'if (this.#states[root] === INITIALISED) {',
  ]),
  mutant('xor-is-or', 'record', 'ids are ORed, so that no tree of two edges is ever done', [
    `${RECORD}/acker.js`,
    'const nextLow = this.#lows[root] ^ low;',
    'const nextLow = this.#lows[root] | low;',
  ]),
  mutant('ack-of-old-generation', 'late acks', 'a late ack counts for the tree that has the slot now', [
    `${RECORD}/acker.js`,
    `    ack(root, generation, high, low) {
        if (this.#generations[root] !== generation) {`,
    `    ack(root, generation, high, low) {
        if (false) {`,
  ]),
  mutant('ack-repeated-completes', 'acks twice', 'the same ack twice counts as the end of its tree', [
    `${RECORD}/acker.js`,
    'if (nextHigh === 0 && nextLow === 0 && this.#states[root] === INITIALISED) {',
    `const isRepeated = this.last === \`\${root} \${generation} \${high} \${low}\`;
        this.last = \`\${root} \${generation} \${high} \${low}\`;
        if (((nextHigh === 0 && nextLow === 0) || isRepeated) && this.#states[root] === INITIALISED) {`,
  ]),
  mutant('failed-tuple-acked', 'record', 'a tuple whose function threw is acked', [
    `${RECORD}/stage-task.js`,
    'lane.fail(anchors.root, anchors.generation, failure);',
    'lane.ack(anchors.root, anchors.generation, anchors.high, anchors.low);',
  ]),
  mutant('timeouts-off', 'record, at least once', 'a tree that lost an ack never times out', [
    `${RECORD}/acker.js`,
    'if (this.#states[root] !== FREE && this.#epochs[root] <= rotation - 2)',
    'if (false)',
  ]),
  mutant('lost-acker-done', 'record, at least once', 'what an acker task forgot counts as done', [
    `${RECORD}/acker.js`,
    'this.#states[root] = LOST;',
    '{ this.#close(root); this.#owners[root >>> this.#shift].treeDone(root & ((1 << this.#shift) - 1)); }',
  ]),
  mutant('processed-is-highest', 'record', 'everything before a processed record counts as processed', [
    `${RECORD}/pending.js`,
    `if (sequence !== this.#processed) {
            this.#done[sequence & this.#mask] = 1;
            return;
        }`,
    `if (sequence !== this.#processed) {
            this.#processed = Math.max(this.#processed, sequence + 1);
            return;
        }`,
  ]),
  mutant('commit-at-processed', 'record', 'a source may forget what is processed, though no checkpoint has it', [
    `${RECORD}/source-task.js`,
    'if (!untilDurable)',
    'if (true)',
  ]),
  mutant('hold-let-go', 'record, at least once', 'watermarks pass records that are still to be replayed', [
    `${RECORD}/hold.js`,
    'if (processed >= next) {',
    'if (true) {',
  ]),
  mutant(
    'hold-released-early',
    'record, at least once',
    'a waiting watermark is let go with the first record that is processed',
    [`${RECORD}/hold.js`, 'this.#waiting[0].sequence <= this.#pending.processed)', 'this.#pending.processed > 0)'],
  ),
  // Barriers and setting back.
  mutant('barrier-not-aligned', 'record', 'a task takes its snapshot at the first barrier, not at the last', [
    `${RECORD}/alignment.js`,
    'if (++this.#met < this.#inputs)',
    'if (++this.#met !== 1)',
  ]),
  mutant('barrier-before-drain', 'record', 'a barrier begins while trees are pending', [
    `${RECORD}/barriers.js`,
    'if (!spouts.every((spout) => spout.isAtRest))',
    'if (false)',
  ]),
  mutant('rewind-too-far', 'record', 'a source goes back one record too far', [
    `${RECORD}/recovery.js`,
    'partition.rewind(position?.offset ?? 0);',
    'partition.rewind(Math.max(0, (position?.offset ?? 0) - 1));',
  ]),
  mutant('rewind-too-short', 'record', 'a source goes back one record too short', [
    `${RECORD}/recovery.js`,
    'partition.rewind(position?.offset ?? 0);',
    'partition.rewind((position?.offset ?? 0) + 1);',
  ]),
  mutant('recover-first-epoch', 'record', 'sinks throw away every epoch that was prepared before a restart', [
    `${RECORD}/executor.js`,
    'sink.recover(restored?.meta.epoch ?? 0)',
    'sink.recover(0)',
  ]),
  mutant('set-back-recovers-next', 'workers, exactly once', 'sinks finish an epoch of which there is no checkpoint', [
    `${RECORD}/recovery.js`,
    'transaction.recover(epoch)',
    'transaction.recover(epoch + 1)',
  ]),
  mutant('commit-before-checkpoint', 'record', 'results are seen before the checkpoint that they belong to', [
    `${RECORD}/snapshots.js`,
    SAVE,
    `${COMMIT_EPOCH}\n            ${SAVE}`,
  ]),
  mutant('set-back-without-sinks', 'record', 'what a wiring that is over gave to sinks stays there', [
    `${RECORD}/recovery.js`,
    'await Promise.all(transactions.map((transaction) => transaction.recover(epoch)));',
    '',
  ]),
  mutant(
    'set-back-while-saving',
    'record',
    'a job is set back while a checkpoint that its sinks wait for is being saved',
    [`${RECORD}/recovery.js`, 'await barriers.saved;', ';'],
  ),
  mutant('record-gates-lost', 'record', 'watermark gates begin anew after a restart', [
    `${RECORD}/wiring.js`,
    'const gate = this.#parts.restored?.meta.gates[name];',
    'const gate = undefined;',
  ]),
  mutant(
    'controls-forgotten',
    'record',
    'a task that comes back is not told the watermarks and ends that it has missed',
    [`${RECORD}/worker-links.js`, 'this.#controls.remember(rows);', ';'],
  ),
  mutant(
    'reserved-after',
    'record',
    'records are handed out before it is durable that they are',
    [
      'runtime/reserved-source.js',
      `.then(() => {
            this.#take(block);
            settle();`,
      `.then(() => {
            settle();`,
    ],
    ['runtime/reserved-source.js', 'this.#isReserving = true;', 'this.#isReserving = true; this.#take(block);'],
  ),
  // The log.
  mutant('log-not-synced', 'both', 'the log is written and not synced', [
    'runtime/segmented-log.js',
    SYNC_OF_RECORDS,
    'this.#written += group.length;',
  ]),
  mutant('log-acked-before-sync', 'both', 'the log says that it is durable before it is', [
    'runtime/segmented-log.js',
    `await this.#write(group);
                for (const { resolve } of group)
                    resolve();`,
    `for (const { resolve } of group)
                    resolve();
                await this.#write(group);`,
  ]),
  mutant('log-name-not-synced', 'both', 'the name of a new segment is not durable', [
    'runtime/segmented-log.js',
    'await this.#files.syncFolder(this.#folder);\n        this.#number = number;',
    'this.#number = number;',
  ]),
  mutant('log-crc-ignored', 'both', 'a record of the log counts as whole whatever its checksum says', [
    'runtime/log-format.js',
    'if (crc32(payload, crc32(bytes.subarray(at, at + 24))) !== bytes.readUInt32LE(at + 24)) {',
    'if (false) {',
  ]),
  mutant('torn-tail-kept', 'both', 'what a crash left at the end of the log stays there', [
    'runtime/segmented-log.js',
    'await files.truncate(found.tail.path, found.tail.bytes);',
    ';',
  ]),
  mutant('log-pruned-too-far', 'micro-batch', 'a checkpoint takes the log with it that comes after it', [
    'runtime/checkpoint-folder.js',
    'await this.#log.prune(logFrom);',
    'await this.#log.prune(this.#log.next);',
  ]),
  // Checkpoints.
  mutant('state-not-synced', 'both', 'the state of a checkpoint is written and not synced', [
    'runtime/checkpoint-files.js',
    'await file.sync();',
    ';',
  ]),
  mutant('manifest-not-synced', 'both', 'the manifest of a checkpoint is written and not synced', [
    'runtime/checkpoint-manifest.js',
    'await file.sync();',
    ';',
  ]),
  mutant('checkpoint-name-not-synced', 'both', 'the name of a checkpoint is not durable', [
    'runtime/checkpoint-files.js',
    'await files.rename(temporary, path);\n    await files.syncFolder(folder);',
    'await files.rename(temporary, path);',
  ]),
  mutant('checkpoint-parts-not-named', 'both', 'the names within a checkpoint are not durable', [
    'runtime/checkpoint-files.js',
    'await files.syncFolder(temporary);',
    ';',
  ]),
  mutant('copy-on-write-off', 'both', 'a snapshot has what changed since it began', [
    'runtime/store-snapshot.js',
    'this.#kept.set(cell, new MemoryCell(key, value, count, epoch, order));',
    'this.#kept.set(cell, cell);',
  ]),
  // Increments.
  mutant('increment-without-deleted', 'both', 'an increment forgets the keys that are gone', [
    'runtime/space-reader.js',
    'this.#goneRead = isIncrement ? 0 : this.#goneCount;',
    'this.#goneRead = this.#goneCount;',
  ]),
  mutant('increment-before-its-base', 'both', 'an increment is applied before what it adds to', [
    'runtime/checkpoint-files.js',
    'return [...base.chunks[at], ...own.chunks[i]];',
    'return [...own.chunks[i], ...base.chunks[at]];',
  ]),
  mutant('dropped-log-kept', 'micro-batch', 'a checkpoint asks for the log from one record too late', [
    'runtime/checkpoint-folder.js',
    'return { from: after(this.#records, meta)[0]?.sequence ?? this.#log.next,',
    'return { from: after(this.#records, meta)[1]?.sequence ?? this.#log.next,',
  ]),
  // Micro-batches and their restart.
  mutant('prepared-before-prepare', 'micro-batch', 'a batch counts as committed before sinks hold it', [
    `${MICRO}/sink-commits.js`,
    `${PREPARE}\n        ${PREPARED}`,
    `${PREPARED}\n        ${PREPARE}`,
  ]),
  mutant('commit-before-prepared', 'micro-batch', 'results are seen before the log says so', [
    `${MICRO}/sink-commits.js`,
    `${PREPARED}\n        ${COMMIT}`,
    `${COMMIT}\n        ${PREPARED}`,
  ]),
  mutant('committed-again', 'micro-batch', 'a restart gives the results of committed batches again', [
    `${MICRO}/allocator.js`,
    "number <= committed ? 'committed' : 'new'",
    "'new'",
  ]),
  mutant('logged-skipped', 'micro-batch', 'a restart does not run the batches that were logged', [
    `${MICRO}/restart.js`,
    "(record) => record.kind === 'allocated')",
    "(record) => record.kind === 'allocated' && record.batch > epoch + 1)",
  ]),
  mutant(
    'recovery-clears-unallocated',
    'micro-batch',
    'SPARK-23438: what was received behind a logged batch goes with it',
    [
      `${MICRO}/logged-range.js`,
      'reader.poll(block, count - block.length);',
      'reader.poll(block, 1000); if (block.values.length > count) block.values.length = count;',
    ],
  ),
  // What receivers took.
  mutant('block-acked-before-sync', 'micro-batch', 'a source hears of a block before the log is synced', [
    `${MICRO}/block-log.js`,
    'written.then(() => partition.logged(mark.offset, block.length), this.#failed);',
    'partition.logged(mark.offset, block.length);\n        written.catch(this.#failed);',
  ]),
  mutant('unallocated-forgotten', 'micro-batch', 'a restart forgets what was received and is in no batch yet', [
    `${MICRO}/received.js`,
    'this.#unallocated = unallocated;',
    'this.#unallocated = [];',
  ]),
  mutant(
    'block-in-two-batches',
    'micro-batch',
    'after a restart the blocks of the last batch are in the next one too',
    [
      `${MICRO}/restart.js`,
      'received.filter(({ batch }) => batch > allocated)',
      'received.filter(({ batch }) => batch >= allocated)',
    ],
  ),
  mutant(
    'block-of-older-batch',
    'micro-batch',
    'what is received behind a batch is logged as if it were of that batch',
    [`${MICRO}/allocator.js`, 'this.#blocks.batch = this.#number + 1;', 'this.#blocks.batch = this.#number;'],
  ),
  mutant('journal-acked-before-sync', 'record', 'a source hears of a block before the journal is synced', [
    'runtime/journalled-source.js',
    'this.#journal.write(rangeOf(',
    'this.#reader.commit(offset);\n        this.#journal.write(rangeOf(',
  ]),
  mutant('journal-forgotten', 'record', 'a restart does not hand out what the journal has', [
    'runtime/journalled-source.js',
    'for (const range of journal.blocksOf(source, partition))',
    'for (const range of [])',
  ]),
  mutant('journal-covered-again', 'record', 'a restart hands out a whole block of which the snapshot has a part', [
    'runtime/journalled-source.js',
    'cursor.give(new Block(), Math.max(0, from - range.from));',
    ';',
  ]),
  mutant('journal-cut-by-epoch', 'record', 'a checkpoint takes the whole journal with it', [
    'runtime/durability.js',
    "if (record.kind !== 'received' || record.batch > 0)",
    'if (true)',
  ]),
  mutant(
    'allocated-after-work',
    'micro-batch',
    'SPARK-23991: a batch is worked on before it is durable which records it has',
    [`${MICRO}/executor.js`, FIRST_WAIT, '            this.#begin(batch);'],
    [`${MICRO}/executor.js`, SECOND_WAIT, "        if (batch.results === 'new')"],
  ),
  mutant('source-committed-before-snapshot', 'micro-batch', 'a source may forget a batch that no checkpoint has', [
    `${MICRO}/executor.js`,
    'this.#parts.allocator.commit(batch.marks, this.#services.durability === undefined);',
    'this.#parts.allocator.commit(batch.marks, true);',
  ]),
  mutant('open-one-too-far', 'micro-batch', 'a source is opened one record too far', [
    `${MICRO}/restart.js`,
    'return { offset: position?.offset ?? 0, reader: readAgainFrom(',
    'return { offset: (position?.offset ?? 0) + 1, reader: readAgainFrom(',
  ]),
  mutant('recover-older-epoch', 'micro-batch', 'sinks throw away what was prepared last though it is committed', [
    `${MICRO}/executor.js`,
    'yield* this.#parts.commits.recover(committed);',
    'yield* this.#parts.commits.recover(snapshot?.meta.epoch ?? 0);',
  ]),
  mutant('batch-gates-lost', 'micro-batch', 'watermark gates begin anew after a restart', [
    `${MICRO}/progress.js`,
    'new WatermarkGate(inputs, restored?.gates[`${stage.id}:${task}`])',
    'new WatermarkGate(inputs)',
  ]),
  mutant('attempt-not-undone', 'micro-batch', 'a failed attempt leaves its state behind', [
    `${MICRO}/batch-task.js`,
    `        for (const store of this.#allStores())
            store.rollback();
        input.rewind();
        this.#component?.rollback();
        this.#chain = this.#build();
    }`,
    `        for (const store of this.#allStores())
            store.commit();
        input.rewind();
        this.#component?.rollback();
        this.#chain = this.#build();
    }`,
  ]),
  // Workers.
  mutant(
    'cut-within-batches',
    'workers, micro-batch',
    'a snapshot is taken while a later batch is under way',
    [`${MICRO}/executor.js`, 'if (snapshots?.isDueBehind(this.#begun.length) === true)', 'if (false)'],
    [
      `${MICRO}/executor.js`,
      'this.#parts.snapshots?.after(batch, this.#begun.length === 0);',
      'this.#parts.snapshots?.after(batch, true);',
    ],
  ),
  mutant('lineage-dropped-early', 'workers, micro-batch', 'inputs go that the last snapshot does not have', [
    `${MICRO}/remote-task.js`,
    'kept.batch > batch',
    'kept.batch > batch + 1',
  ]),
  mutant('lost-state', 'workers, micro-batch', 'a lost task comes back without the state of the snapshot', [
    `${MICRO}/remote-task.js`,
    '        this.#restore(worker, base);\n',
    '',
  ]),
  mutant(
    'recomputed-taken',
    'micro-batch',
    'what a lost task had given is taken again',
    [`${MICRO}/remote-task.js`, 'isDone: silent }, worker) {', '}, worker) {\n        const silent = false;'],
    [
      `${MICRO}/remote-task.js`,
      '!kept.isDone && (kept.batch === batch || this.#failure !== undefined)',
      '!kept.isDone',
    ],
  ),
  mutant('twin-with-state', 'slow workers', 'a slow task gets a twin though its state is on one worker', [
    `${MICRO}/speculation.js`,
    'task.isPinned ? undefined : ',
    '',
  ]),
  mutant(
    'twin-counts-too',
    'slow workers',
    'the results of a slow task and of its twin are both taken',
    [`${MICRO}/remote-task.js`, 'kept.isDone = true;', 'kept.isDone = this.isStateful;'],
    [
      `${MICRO}/remote-task.js`,
      `if (!this.isStateful)
            this.#kept = this.#kept.filter((other) => other !== kept);`,
      '',
    ],
  ),
  mutant('expiry-at-processed', 'acked on expiry', 'a source may forget a record that is in an open window', [
    `${RECORD}/source-marks.js`,
    'marks[last + 1].expiry <= frontier && ',
    '',
  ]),
  mutant(
    'half-windows-shown',
    'acked on expiry',
    'results of closed windows come again without the records that expired',
    [`${RECORD}/run-maker.js`, 'if (!(context.windowEnd <= this.#outUntil))', 'if (true)'],
  ),
  mutant('out-before-out', 'acked on expiry', 'windows count as out whose watermark is still on its way', [
    `${RECORD}/run.js`,
    'const watermark = Math.min(this.wiring.watermark(), this.links?.watermark ?? Number.POSITIVE_INFINITY);',
    'const watermark = this.wiring.watermark();',
  ]),
  mutant('not-fenced', 'both', 'messages of a worker that was lost are heard', [
    'host/worker-slot.js',
    'if (this.#worker === worker)\n                this.#hear(message);',
    'this.#hear(message);',
  ]),
];
