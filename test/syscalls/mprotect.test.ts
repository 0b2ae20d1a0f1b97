import { replayGroup } from './replay.js';

replayGroup('mprotect');
