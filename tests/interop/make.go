package main

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	origin  = "go.example/log"
	entries = 70_000
)

// store is a tree in memory, as x/mod keeps it.
type store []tlog.Hash

func (s store) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = s[index]
	}
	return found, nil
}

// makeLog writes a log of 70,000 entries with two witnesses, and proofs between several of its sizes.
func makeLog(folder string) error {
	var tree store
	for n := int64(0); n < entries; n++ {
		added, err := tlog.StoredHashes(n, entry(n), tree)
		if err != nil {
			return err
		}
		tree = append(tree, added...)
	}
	if err := writeTiles(folder, tree); err != nil {
		return err
	}
	proofs, err := prove(tree)
	if err != nil {
		return err
	}
	if err := sign(folder, tree, &proofs); err != nil {
		return err
	}
	data, err := json.Marshal(proofs)
	if err != nil {
		return err
	}
	return write(folder, "proofs.json", data)
}

func entry(n int64) []byte { return fmt.Appendf(nil, "entry %d of a log made by Go", n) }

func write(folder, path string, data []byte) error {
	file := filepath.Join(folder, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

func writeTiles(folder string, tree store) error {
	for _, tile := range tlog.NewTiles(tileHeight, 0, entries) {
		data, err := tlog.ReadTileData(tile, tree)
		if err != nil {
			return err
		}
		if err := write(folder, tilePath(tile), data); err != nil {
			return err
		}
	}
	for first := int64(0); first < entries; first += tileWidth {
		var bundle []byte
		width := min(tileWidth, entries-first)
		for n := first; n < first+width; n++ {
			bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry(n))))
			bundle = append(bundle, entry(n)...)
		}
		if err := write(folder, bundlePath(first/tileWidth, int(width)), bundle); err != nil {
			return err
		}
	}
	return nil
}

func prove(tree store) (proofs Proofs, err error) {
	sizes := []int64{1, 2, 3, 255, 256, 257, 1000, 1100, 4096, 65_535, 65_536, 65_537, entries}
	for _, size := range sizes {
		root, err := tlog.TreeHash(size, tree)
		if err != nil {
			return proofs, err
		}
		for _, index := range []int64{0, size / 3, size / 2, size - 1} {
			path, err := tlog.ProveRecord(size, index, tree)
			if err != nil {
				return proofs, err
			}
			leaf := tlog.RecordHash(entry(index))
			proofs.Inclusion = append(proofs.Inclusion, Inclusion{index, size, leaf[:], root[:], raw(path)})
		}
		for _, old := range sizes {
			if old > size {
				break
			}
			oldRoot, err := tlog.TreeHash(old, tree)
			if err != nil {
				return proofs, err
			}
			path, err := tlog.ProveTree(size, old, tree)
			if err != nil {
				return proofs, err
			}
			proofs.Consistency = append(proofs.Consistency, Consistency{old, size, oldRoot[:], root[:], raw(path)})
		}
	}
	return proofs, nil
}

func raw(path []tlog.Hash) [][]byte {
	values := make([][]byte, len(path))
	for i := range path {
		values[i] = path[i][:]
	}
	return values
}

func sign(folder string, tree store, proofs *Proofs) error {
	root, err := tlog.TreeHash(entries, tree)
	if err != nil {
		return err
	}
	secret, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	signers := []note.Signer{signer}
	proofs.LogKey = public
	for _, name := range []string{"anne.example", "bert.example"} {
		secret, public, err := note.GenerateKey(rand.Reader, name)
		if err != nil {
			return err
		}
		witness, err := fnote.NewSignerForCosignatureV1(secret)
		if err != nil {
			return err
		}
		key, err := fnote.VKeyToCosignatureV1(public)
		if err != nil {
			return err
		}
		signers, proofs.WitnessKeys = append(signers, witness), append(proofs.WitnessKeys, key)
	}
	text := log.Checkpoint{Origin: origin, Size: entries, Hash: root[:]}.Marshal()
	signed, err := note.Sign(&note.Note{Text: string(text)}, signers...)
	if err != nil {
		return err
	}
	return write(folder, "checkpoint", signed)
}
