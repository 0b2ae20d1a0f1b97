import { replayGroup } from './replay.js';

replayGroup('fork');
