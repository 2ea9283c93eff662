//! The Merkle tree over a segment's leaves, hashed as in RFC 6962 section 2.1: `SHA-256(0x00 ‖ leaf)` for a leaf, `SHA-256(0x01 ‖
//! left ‖ right)` for a node, so that no node can pass for a leaf. The leaf data is [`eyrie_types::FragmentEntry::leaf`]: the
//! SHA-256 of a fragment's plaintext.

use aws_lc_rs::digest::{Context, SHA256};

use super::segment_head::sha256;

type Hash = [u8; 32];

fn hash_leaf(leaf: &Hash) -> Hash {
    prefixed(0, &[leaf])
}

fn hash_node(left: &Hash, right: &Hash) -> Hash {
    prefixed(1, &[left, right])
}

fn prefixed(prefix: u8, parts: &[&Hash]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[prefix]);
    for part in parts {
        context.update(*part);
    }
    let mut out = [0; 32];
    // SHA-256 has 32 bytes (FIPS 180-4), so the lengths agree.
    out.copy_from_slice(context.finish().as_ref());
    out
}

/// Builds the root leaf by leaf, holding one hash a level: at most 32.
#[derive(Debug, Clone, Default)]
pub struct MerkleBuilder {
    /// Roots of the perfect subtrees so far, widest first: one for each bit set in `leaves`.
    subtrees: Vec<Hash>,
    leaves: u32,
}

impl MerkleBuilder {
    /// Adds the next leaf.
    pub fn push(&mut self, leaf: &Hash) {
        let mut node = hash_leaf(leaf);
        for _ in 0..self.leaves.trailing_ones() {
            // One subtree stands for each bit set, so there is one to join for each trailing one.
            if let Some(left) = self.subtrees.pop() {
                node = hash_node(&left, &node);
            }
        }
        self.subtrees.push(node);
        self.leaves = self.leaves.saturating_add(1);
    }

    /// The root over all leaves so far; of none, the SHA-256 of nothing.
    pub fn root(&self) -> Hash {
        let mut subtrees = self.subtrees.iter().rev().copied();
        match subtrees.next() {
            None => sha256(&[]),
            Some(last) => subtrees.fold(last, |right, left| hash_node(&left, &right)),
        }
    }
}

/// The root over `leaves`.
pub fn merkle_root(leaves: &[Hash]) -> Hash {
    let mut builder = MerkleBuilder::default();
    leaves.iter().for_each(|leaf| builder.push(leaf));
    builder.root()
}

/// Shows that one leaf is among those a root was made of, without the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// Which leaf, from 0.
    pub index: u32,
    /// Of how many.
    pub leaves: u32,
    /// The siblings on the way from the leaf to the root.
    pub path: Vec<Hash>,
}

impl InclusionProof {
    /// Makes the proof for the leaf `index` of `leaves` (RFC 6962 section 2.1.1); `None` when there is no such leaf.
    pub fn new(leaves: &[Hash], index: u32) -> Option<Self> {
        let at = usize::try_from(index).ok().filter(|at| *at < leaves.len())?;
        let mut path = Vec::new();
        let (mut tree, mut at_in_tree) = (leaves, at);
        while tree.len() > 1 {
            // The left subtree holds the largest power of two below the number of leaves.
            let split = tree.len().next_power_of_two() / 2;
            let (left, right) = tree.split_at(split);
            if at_in_tree < split {
                path.push(merkle_root(right));
                tree = left;
            } else {
                path.push(merkle_root(left));
                tree = right;
                at_in_tree -= split;
            }
        }
        path.reverse();
        Some(Self { index, leaves: u32::try_from(leaves.len()).ok()?, path })
    }

    /// Whether `leaf` is leaf `index` of the tree with this root (RFC 9162 section 2.1.3.2).
    pub fn verify(&self, leaf: &Hash, root: &Hash) -> bool {
        if self.index >= self.leaves {
            return false;
        }
        let (mut node, mut last, mut hash) = (self.index, self.leaves - 1, hash_leaf(leaf));
        for sibling in &self.path {
            if last == 0 {
                return false;
            }
            if node & 1 == 1 || node == last {
                hash = hash_node(sibling, &hash);
                while node & 1 == 0 && node != 0 {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                hash = hash_node(&hash, sibling);
            }
            node >>= 1;
            last >>= 1;
        }
        last == 0 && hash == *root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(n: u32) -> Vec<Hash> {
        (0..n).map(|i| sha256(&i.to_be_bytes())).collect()
    }

    /// The definition of RFC 6962 section 2.1, word for word.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => sha256(&[]),
            [leaf] => hash_leaf(leaf),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                hash_node(&defined(&leaves[..split]), &defined(&leaves[split..]))
            }
        }
    }

    #[test]
    fn the_root_is_the_one_rfc_6962_defines() {
        assert_eq!(hex::encode(merkle_root(&[])), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        for n in 0..70 {
            assert_eq!(merkle_root(&leaves(n)), defined(&leaves(n)), "{n} leaves");
        }
    }

    #[test]
    fn each_leaf_proves_its_place_and_no_other() {
        for n in 1..40 {
            let all = leaves(n);
            let root = merkle_root(&all);
            for i in 0..n {
                let proof = InclusionProof::new(&all, i).unwrap();
                assert!(proof.verify(&all[i as usize], &root), "leaf {i} of {n}");
                for (j, other) in all.iter().enumerate().filter(|(j, _)| *j != i as usize) {
                    assert!(!proof.verify(other, &root), "leaf {j} passes for leaf {i} of {n}");
                }
                let moved = InclusionProof { index: (i + 1) % n, ..proof.clone() };
                assert!(n == 1 || !moved.verify(&all[i as usize], &root), "leaf {i} of {n} moved");
            }
            assert_eq!(InclusionProof::new(&all, n), None);
        }
    }

    #[test]
    fn a_changed_proof_proves_nothing() {
        let all = leaves(7);
        let root = merkle_root(&all);
        let proof = InclusionProof::new(&all, 4).unwrap();
        for level in 0..proof.path.len() {
            let mut bad = proof.clone();
            bad.path[level][0] ^= 1;
            assert!(!bad.verify(&all[4], &root));
            let mut short = proof.clone();
            short.path.remove(level);
            assert!(!short.verify(&all[4], &root));
        }
        assert!(!InclusionProof { index: 9, ..proof.clone() }.verify(&all[4], &root));
        assert!(!InclusionProof { index: 0, leaves: 0, path: Vec::new() }.verify(&all[4], &root));
        assert!(!InclusionProof { index: 0, leaves: 1, path: Vec::new() }.verify(&root, &root), "a node is no leaf");
    }
}
