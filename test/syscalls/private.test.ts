import { replayGroup } from './replay.js';

replayGroup('private');
