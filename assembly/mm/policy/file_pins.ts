import { PIN_I_MMAP_WRITABLE, PIN_I_MMAP_WRITABLE_PERCPU } from '../../abi';
import { machine } from '../../lib/machine';
import { AddressSpace } from '../../types/address_space';
import { sumPinCounters } from './i_mmap_writable_percpu';

/**
 * Pins that a policy counts in the file: how many write pins of its pages live. Exact only where no
 * shared mapping that may write exists any more, which is when it is asked: on sealing, and when
 * the file goes.
 */
export function pinsOfFile(mapping: AddressSpace): i64 {
  const policy = machine().pinPolicy;
  if (policy == PIN_I_MMAP_WRITABLE) return max<i64>(0, mapping.iMmapWritable.load());
  if (policy == PIN_I_MMAP_WRITABLE_PERCPU) return sumPinCounters(mapping);
  return 0;
}
