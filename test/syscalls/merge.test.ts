import { replayGroup } from './replay.js';

replayGroup('merge');
