import { replayGroup } from './replay.js';

replayGroup('vma');
