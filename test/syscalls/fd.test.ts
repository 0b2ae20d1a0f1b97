import { replayGroup } from './replay.js';

replayGroup('fd');
