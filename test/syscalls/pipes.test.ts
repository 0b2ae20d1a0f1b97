import { replayGroup } from './replay.js';

replayGroup('pipes');
