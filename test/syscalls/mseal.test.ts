import { replayGroup } from './replay.js';

replayGroup('mseal');
