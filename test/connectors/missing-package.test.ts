/** A format whose package is not installed: what the user is told. The package's absence is the only thing made up here. */
import { expect, it, vi } from 'vitest';
import { avroFormat } from '../../src/connectors/formats/binary-formats.js';
import { createSimulatedWorld } from '../../src/runtime/simulated-world.js';

vi.mock('avsc', () => {
  throw new Error("Cannot find package 'avsc'");
});

it('Avro without the package avsc says exactly what to install', async () => {
  const { files } = createSimulatedWorld({ files: { 'a.avsc': '"int"' } });
  await expect(avroFormat('a.avsc', files)).rejects.toMatchObject({ code: 'RG050', hint: 'npm install avsc' });
});
