// Removes everything that the build has made.
import { rmSync } from 'node:fs';
import { at } from './lib/paths.mjs';

const MADE = [
  'build',
  'dist',
  'dist-bench',
  'assembly/generated',
  'src/vendor/as-bind.js',
  'src/vendor/LICENSE.as-bind',
];
for (const path of MADE) rmSync(at(path), { recursive: true, force: true });
