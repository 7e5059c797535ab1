/** That `docs/operators.md` is what its generator would write, and has every operator of the graph. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Stream } from '../../src/topology/stream.js';
import { KeyedStream } from '../../src/topology/streams.js';
import { root } from '../tidy/source-files.js';

const TIMEOUT_MS = 300_000;

describe('the page of all operators', () => {
  it('is up to date', { timeout: TIMEOUT_MS }, () => {
    const script = join(root, 'scripts', 'operators-page.ts');
    const arguments_ = ['--import', 'tsx', script, '--check'];
    const { status, stderr } = spawnSync(process.execPath, arguments_, { cwd: root, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('has each public method of a stream, and no other', () => {
    const page = readFileSync(join(root, 'docs', 'operators.md'), 'utf8');
    const described = [...page.matchAll(/^### (\w+)$/gm)].map(([, name]) => name!);
    const methods = new Set<string>(['stateSnapshots']); // an output of `mapWithState`
    for (let layer: object = KeyedStream.prototype; layer !== Object.prototype; layer = Object.getPrototypeOf(layer))
      for (const name of Object.getOwnPropertyNames(layer)) methods.add(name);
    for (const internal of ['constructor', 'next', 'add', 'refOf', 'origin']) methods.delete(internal);
    expect(KeyedStream.prototype).toBeInstanceOf(Stream);
    expect(described.toSorted()).toEqual([...methods].toSorted());
  });
});
