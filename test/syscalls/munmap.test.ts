import { replayGroup } from './replay.js';

replayGroup('munmap');
