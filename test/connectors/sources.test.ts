/** Tests of what the conformance cases leave open: generators, partitions of memory, standard input, unknown kinds. */
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { openSource } from '../../src/connectors/open-source.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';
import type { RawSource } from '../../src/runtime/source.js';
import { generator, memory, stdin } from '../../src/topology/source-specs.js';
import type { SourceSpec } from '../../src/topology/specs.js';
import { drain, takeSome } from '../conformance/drain.js';

function open<T>(spec: SourceSpec<T>, seed = 1, name = 'in'): Promise<RawSource> {
  return openSource({ name, ...spec }, (role) => spec.functions?.[role], { world: createSimulatedWorld({ seed }) });
}

const valuesOf = async (source: RawSource): Promise<unknown[][]> => {
  const drained = await Promise.all(source.partitions.map((partition) => drain(partition)));
  return drained.map(({ values }) => values);
};

describe('a generator', () => {
  const dice = (count: number, partitions = 1) =>
    generator((index, random) => [index, random.below(6), random.float()] as const, { count, partitions });

  it('gives the same records for the same seed, and others for another seed or source', async () => {
    const [first] = await valuesOf(await open(dice(50)));
    expect(await valuesOf(await open(dice(50)))).toEqual([first]);
    expect(await valuesOf(await open(dice(50), 2))).not.toEqual([first]);
    expect(await valuesOf(await open(dice(50), 1, 'other'))).not.toEqual([first]);
  });

  it('takes its own seed over that of the run', async () => {
    const spec = generator((_index, random) => random.int32(), { count: 5, seed: 9 });
    expect(await valuesOf(await open(spec, 1))).toEqual(await valuesOf(await open(spec, 2)));
  });

  it('makes record i the same in however many partitions', async () => {
    const [whole] = await valuesOf(await open(dice(50)));
    const parts = await valuesOf(await open(dice(50, 3)));
    expect(parts.map((part) => part.length)).toEqual([17, 17, 16]);
    expect(whole!.map((_, i) => parts[i % 3]![Math.floor(i / 3)])).toEqual(whole);
  });

  it('draws evenly', async () => {
    const [values] = await valuesOf(await open(generator((_index, random) => random.below(6), { count: 60_000 })));
    for (let face = 0; face < 6; face++) {
      const share = values!.filter((value) => value === face).length / 60_000;
      expect(Math.abs(share - 1 / 6)).toBeLessThan(0.01);
    }
  });

  it('without a count never ends', async () => {
    const source = await open(generator((index) => index));
    expect((await takeSome(source.partitions[0]!, 5_000)).at(-1)).toBe(4_999);
    expect(source.partitions[0]!.take([], 10)).toBe('more');
  });

  it('that throws fails the source after the records before', async () => {
    const spec = generator((index) => {
      if (index === 3) throw new Error('out of dice');
      return index;
    });
    const { values, outcome } = await drain((await open(spec)).partitions[0]!);
    expect(values).toEqual([0, 1, 2]);
    expect(outcome).toMatchObject({
      code: 'RG030',
      operator: 'source:in',
      message: "the generator 'in' threw at record 3: out of dice",
    });
  });

  it('that returns a promise fails the source', async () => {
    const { outcome } = await drain((await open(generator(async () => 1))).partitions[0]!);
    expect(outcome).toMatchObject({ code: 'RG031' });
  });
});

describe('memory', () => {
  it('gives each partition its values, and all of them again when it is opened again', async () => {
    const spec = memory.partitions([['a', 'b'], [], ['c']]);
    expect(spec.capabilities.partitions).toBe(3);
    for (let run = 0; run < 2; run++) expect(await valuesOf(await open(spec))).toEqual([['a', 'b'], [], ['c']]);
  });
});

describe('standard input', () => {
  it('fails when it breaks', async () => {
    const broken = new Readable({ read: () => undefined });
    broken.push('one\ntwo');
    const spec = stdin();
    const source = await openSource({ name: 'in', ...spec }, () => undefined, {
      world: createSimulatedWorld(),
      stdin: broken,
    });
    expect(await takeSome(source.partitions[0]!, 1)).toEqual(['one']);
    broken.destroy(new Error('cable pulled'));
    expect((await drain(source.partitions[0]!)).outcome).toMatchObject({ code: 'RG040' });
  });
});

describe('opening a source', () => {
  it('names the nearest kind when it does not know one', async () => {
    const opened = openSource({ name: 'in', kind: 'text-flie', options: {} }, () => undefined, {
      world: createSimulatedWorld(),
    });
    await expect(opened).rejects.toMatchObject({ code: 'RG006', hint: "did you mean 'text-file'?" });
  });
});
