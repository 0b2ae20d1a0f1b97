import { replayGroup } from './replay.js';

replayGroup('fault');
