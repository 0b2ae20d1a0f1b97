import { replayGroup } from './replay.js';

replayGroup('madvise');
