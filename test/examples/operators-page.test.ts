/** That `docs/operators.md` is what its generator would write, and has every operator of the graph. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { operatorNames } from '../conformance/vocabulary/operator-names.js';
import { root } from '../tidy/source-files.js';

describe('the page of all operators', () => {
  it('is up to date', () => {
    const script = join(root, 'scripts', 'operators-page.ts');
    const arguments_ = ['--import', 'tsx', script, '--check'];
    const { status, stderr } = spawnSync(process.execPath, arguments_, { cwd: root, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('has each public method of a stream, and no other', () => {
    const page = readFileSync(join(root, 'docs', 'operators.md'), 'utf8');
    const described = [...page.matchAll(/^### (\w+)$/gm)].map(([, name]) => name!);
    expect(described.toSorted()).toEqual(operatorNames());
  });
});
