package main

import (
	"bytes"
	"crypto"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tiles reads the tiles of a log.
type tiles struct{ log string }

func (t tiles) Height() int { return tileHeight }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		data, err := read(t.log, tilePath(tile))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// check opens the checkpoint with all its signatures, compares every entry with the tree, and tries every proof in two ways.
func check(source, file string) error {
	proofs, err := readProofs(file)
	if err != nil {
		return err
	}
	checkpoint, err := openCheckpoint(source, proofs)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if err := checkEntries(source, checkpoint); err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	for _, p := range proofs.Inclusion {
		if err := checkInclusion(p); err != nil {
			return fmt.Errorf("inclusion of %d in %d: %w", p.Index, p.Size, err)
		}
	}
	for _, p := range proofs.Consistency {
		if err := checkConsistency(p); err != nil {
			return fmt.Errorf("consistency of %d and %d: %w", p.Old, p.New, err)
		}
	}
	fmt.Printf("%d entries, %d witnesses, %d inclusion proofs, %d consistency proofs\n",
		checkpoint.Size, len(proofs.WitnessKeys), len(proofs.Inclusion), len(proofs.Consistency))
	return nil
}

func openCheckpoint(source string, proofs Proofs) (*log.Checkpoint, error) {
	raw, err := read(source, "checkpoint")
	if err != nil {
		return nil, err
	}
	logKey, err := note.NewVerifier(proofs.LogKey)
	if err != nil {
		return nil, err
	}
	var witnesses []note.Verifier
	for _, key := range proofs.WitnessKeys {
		witness, err := fnote.NewVerifierForCosignatureV1(key)
		if err != nil {
			return nil, err
		}
		witnesses = append(witnesses, witness)
	}
	checkpoint, _, opened, err := log.ParseCheckpoint(raw, logKey.Name(), logKey, witnesses...)
	if err != nil {
		return nil, err
	}
	if len(opened.Sigs) != 1+len(witnesses) {
		return nil, fmt.Errorf("%d signatures are good, of %d", len(opened.Sigs), 1+len(witnesses))
	}
	return checkpoint, nil
}

// checkEntries builds the tree anew from the entries of every bundle, and compares its root and each of its tiles; then it reads the
// leaf hashes as a client does, who has the root alone.
func checkEntries(source string, checkpoint *log.Checkpoint) error {
	size := int64(checkpoint.Size)
	tree, err := rebuild(source, size)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(size, tree)
	if err != nil || root != hash(checkpoint.Hash) {
		return fmt.Errorf("they lead to another root than the checkpoint's: %w", err)
	}
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		expected, err := tlog.ReadTileData(tile, tree)
		if err != nil {
			return err
		}
		found, err := read(source, tilePath(tile))
		if err != nil || !bytes.Equal(found, expected) {
			return fmt.Errorf("%s is another: %w", tilePath(tile), err)
		}
	}
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles{source})
	for index := int64(0); index < size; index += size/100 + 1 {
		leaf := []int64{tlog.StoredHashIndex(0, index)}
		found, err := reader.ReadHashes(leaf)
		if err != nil || found[0] != tree[leaf[0]] {
			return fmt.Errorf("entry %d cannot be proven from tiles: %w", index, err)
		}
	}
	return nil
}

func rebuild(source string, size int64) (tree store, err error) {
	for first := int64(0); first < size; first += tileWidth {
		width := int(min(tileWidth, size-first))
		data, err := read(source, bundlePath(first/tileWidth, width))
		if err != nil {
			return nil, err
		}
		entries, err := splitBundle(data)
		if err != nil || len(entries) != width {
			return nil, fmt.Errorf("bundle %d has %d entries: %w", first/tileWidth, len(entries), err)
		}
		for i, entry := range entries {
			added, err := tlog.StoredHashes(first+int64(i), entry, tree)
			if err != nil {
				return nil, err
			}
			tree = append(tree, added...)
		}
	}
	return tree, nil
}

func splitBundle(data []byte) (entries [][]byte, err error) {
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, errors.New("cut short")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries, data = append(entries, data[2:end]), data[end:]
	}
	return entries, nil
}

func checkInclusion(p Inclusion) error {
	if err := tlog.CheckRecord(hashes(p.Path), p.Size, hash(p.Root), p.Index, hash(p.Leaf)); err != nil {
		return err
	}
	hasher := rfc6962.New(crypto.SHA256)
	return proof.VerifyInclusion(hasher, uint64(p.Index), uint64(p.Size), p.Leaf, p.Path, p.Root)
}

func checkConsistency(p Consistency) error {
	if err := tlog.CheckTree(hashes(p.Path), p.New, hash(p.NewRoot), p.Old, hash(p.OldRoot)); err != nil {
		return err
	}
	hasher := rfc6962.New(crypto.SHA256)
	return proof.VerifyConsistency(hasher, uint64(p.Old), uint64(p.New), p.Path, p.OldRoot, p.NewRoot)
}
