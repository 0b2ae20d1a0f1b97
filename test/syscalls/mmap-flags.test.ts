import { replayGroup } from './replay.js';

replayGroup('mmap-flags');
