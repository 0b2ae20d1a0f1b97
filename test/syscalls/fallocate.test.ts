import { replayGroup } from './replay.js';

replayGroup('fallocate');
