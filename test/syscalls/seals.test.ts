import { replayGroup } from './replay.js';

replayGroup('seals');
