import { CACHE_ANON_VMA, CACHE_AVC } from '../wasm/generated/layout.js';
import type { Mm, Vma } from './address-spaces.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import { walkList } from './lists.js';
import type { Slabs } from './slabs.js';
import { walkIntervalTree } from './trees.js';

const VMA = offsetsOf('Vma');
const CHAIN = offsetsOf('AnonVmaChain');
const ANON_VMA = offsetsOf('AnonVma');

/** The chains between VMAs and anon_vmas. */
export class AnonVmas {
  readonly #audit: Audit;
  readonly #slabs: Slabs;
  readonly #vmas = new Map<number, Vma>();
  /** By address of a VMA: the anon_vmas that its chains lead to. */
  readonly #joined = new Map<number, number[]>();
  /** By address of an anon_vma: chains that lead to it, and VMAs that call it their own. */
  readonly #chains = new Map<number, Set<number>>();
  readonly #active = new Map<number, number>();
  /** By address of an anon_vma: those whose parent it is, and those that it is the root of. */
  readonly #children = new Map<number, number>();
  readonly #family = new Map<number, number>();

  constructor(audit: Audit, slabs: Slabs, mms: readonly Mm[]) {
    this.#audit = audit;
    this.#slabs = slabs;
    for (const mm of mms) for (const vma of mm.vmas) this.#readChains(vma);
    const live = [...slabs.live(CACHE_ANON_VMA)];
    for (const anonVma of live) this.#countRelations(anonVma);
    for (const anonVma of live) this.#checkAnonVma(anonVma);
  }

  /** True if a chain joins the VMA at an address to an anon_vma. */
  joined(vma: number, anonVma: number): boolean {
    return this.#joined.get(vma)?.includes(anonVma) === true;
  }

  #readChains(vma: Vma): void {
    const { findings } = this.#audit;
    const list = `chains of ${vma.name}`;
    const isLink = (link: number) => this.#slabs.isLive(CACHE_AVC, link - CHAIN.sameVma);
    const links = walkList(this.#audit, vma.address + VMA.anonVmaChain, list, isLink);
    const anonVmas = links.map((link) => this.#readChain(vma, link - CHAIN.sameVma));
    this.#vmas.set(vma.address, vma);
    this.#joined.set(vma.address, anonVmas);
    if (vma.anonVma !== 0) {
      this.#active.set(vma.anonVma, (this.#active.get(vma.anonVma) ?? 0) + 1);
    }
    const own = vma.anonVma === 0 ? anonVmas.length === 0 : anonVmas.includes(vma.anonVma);
    if (own) return;
    const found = anonVmas.map(hex).join(', ') || 'none';
    findings.report('anon-vma', vma.name, `a chain to ${hex(vma.anonVma)}`, found, 'its chains');
  }

  #readChain(vma: Vma, chain: number): number {
    const { memory, findings } = this.#audit;
    const anonVma = memory.u32(chain + CHAIN.anonVma);
    this.#slabs.use(CACHE_AVC, chain, vma.name);
    const back = memory.u32(chain + CHAIN.vma);
    findings.equalHex('anon-vma', vma.name, vma.address, back, () => `vma of chain ${hex(chain)}`);
    if (this.#slabs.use(CACHE_ANON_VMA, anonVma, vma.name)) {
      const chains = this.#chains.get(anonVma);
      if (chains === undefined) this.#chains.set(anonVma, new Set([chain]));
      else chains.add(chain);
    }
    return anonVma;
  }

  #checkAnonVma(anonVma: number): void {
    const { memory, findings } = this.#audit;
    const name = `anon_vma ${hex(anonVma)}`;
    const word = (offset: number) => memory.u32(anonVma + offset);
    const chains = this.#chains.get(anonVma) ?? new Set<number>();
    const nodes = walkIntervalTree(
      this.#audit,
      anonVma + ANON_VMA.tree,
      { name: `tree of ${name}`, isNode: (node) => chains.has(node - CHAIN.node0) },
      (node) => this.#intervalOf(node - CHAIN.node0),
    );
    findings.equal('anon-vma', name, chains.size, nodes.length, 'chains in its tree');
    this.#checkAncestors(anonVma, name);
    // Its VMAs hold it once, and each of a family but the root holds the root.
    const isRoot = word(ANON_VMA.root) === anonVma;
    const references = isRoot ? (this.#family.get(anonVma) ?? 0) : 1;
    findings.equal('anon-vma', name, references, word(ANON_VMA.refcount), 'refcount');
    const children = this.#children.get(anonVma) ?? 0;
    findings.equal('anon-vma', name, children, word(ANON_VMA.numChildren), 'numChildren');
    const active = this.#active.get(anonVma) ?? 0;
    findings.equal('anon-vma', name, active, word(ANON_VMA.numActiveVmas), 'numActiveVmas');
    findings.equal('lock-free', name, 0, word(ANON_VMA.rwsem), 'rwsem');
  }

  #countRelations(anonVma: number): void {
    const { memory } = this.#audit;
    const parent = memory.u32(anonVma + ANON_VMA.parent);
    const root = memory.u32(anonVma + ANON_VMA.root);
    this.#children.set(parent, (this.#children.get(parent) ?? 0) + 1);
    this.#family.set(root, (this.#family.get(root) ?? 0) + 1);
  }

  /** Root and parent are of the family, and whatever VMA joins it has joined the parent as well. */
  #checkAncestors(anonVma: number, name: string): void {
    const { memory, findings } = this.#audit;
    const root = memory.u32(anonVma + ANON_VMA.root);
    const parent = memory.u32(anonVma + ANON_VMA.parent);
    for (const [relation, other] of [['root', root] as const, ['parent', parent] as const]) {
      if (!this.#slabs.isLive(CACHE_ANON_VMA, other)) {
        findings.report('anon-vma', name, 'a live anon_vma', hex(other), relation);
        return;
      }
      const theirs = memory.u32(other + ANON_VMA.root);
      findings.equalHex('anon-vma', name, root, theirs, `root of its ${relation}`);
    }
    if ((root === anonVma) !== (parent === anonVma)) {
      findings.report('anon-vma', name, `a parent like root ${hex(root)}`, hex(parent), 'parent');
    }
    for (const chain of this.#chains.get(anonVma) ?? []) {
      const vma = memory.u32(chain + CHAIN.vma);
      if (this.joined(vma, parent)) continue;
      const found = this.#vmas.get(vma)?.name ?? hex(vma);
      findings.report('anon-vma', name, `a chain to ${hex(parent)}`, 'none', `parent, in ${found}`);
    }
  }

  #intervalOf(chain: number): { start: number; last: number; subtreeLast: number } {
    const { memory } = this.#audit;
    const vma = this.#vmas.get(memory.u32(chain + CHAIN.vma));
    const start = vma?.pgoff ?? 0;
    const last = start + (vma?.pages ?? 1) - 1;
    return { start, last, subtreeLast: memory.u64(chain + CHAIN.subtreeLast) };
  }
}
