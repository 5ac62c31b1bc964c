// Interop holds a log of certchain to other implementations of the same standards, and gives certchain a log of theirs.
//
// It uses golang.org/x/mod/sumdb (notes, trees and tiles of the Go checksum database) and transparency-dev's merkle and formats
// (those of Tessera and of the public witnesses). A log is a folder or an address with a checkpoint, tiles and entry bundles under the
// paths of C2SP tlog-tiles; the keys and proofs to check it by are in a file of JSON.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// Inclusion is a proof of one leaf, with what it is to be checked against.
type Inclusion struct {
	Index int64    `json:"index"`
	Size  int64    `json:"size"`
	Leaf  []byte   `json:"leaf_hash"`
	Root  []byte   `json:"root"`
	Path  [][]byte `json:"path"`
}

// Consistency is a proof between two trees, with their roots.
type Consistency struct {
	Old     int64    `json:"old"`
	New     int64    `json:"new"`
	OldRoot []byte   `json:"old_root"`
	NewRoot []byte   `json:"new_root"`
	Path    [][]byte `json:"path"`
}

// Proofs is the file proofs.json.
type Proofs struct {
	LogKey      string        `json:"log_key"`
	WitnessKeys []string      `json:"witness_keys"`
	Inclusion   []Inclusion   `json:"inclusion"`
	Consistency []Consistency `json:"consistency"`
}

// tilePath is where C2SP tlog-tiles has a tile; x/mod puts its height into the path besides.
func tilePath(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
}

// bundlePath is where C2SP tlog-tiles has the entries of a tile.
func bundlePath(index int64, width int) string {
	tile := tlog.Tile{H: tileHeight, L: 0, N: index, W: width}
	return strings.Replace(tilePath(tile), "tile/0/", "tile/entries/", 1)
}

func readProofs(file string) (proofs Proofs, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return proofs, err
	}
	return proofs, json.Unmarshal(data, &proofs)
}

// read takes a part of a log from its folder, or over HTTP from its address.
func read(log, path string) ([]byte, error) {
	if !strings.HasPrefix(log, "http://") {
		return os.ReadFile(filepath.Join(log, filepath.FromSlash(path)))
	}
	answer, err := http.Get(log + "/" + path)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

func hash(value []byte) (h tlog.Hash) {
	copy(h[:], value)
	return h
}

func hashes(values [][]byte) []tlog.Hash {
	path := make([]tlog.Hash, len(values))
	for i, value := range values {
		path[i] = hash(value)
	}
	return path
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	switch {
	case len(arguments) == 3 && arguments[0] == "check":
		return check(strings.TrimSuffix(arguments[1], "/"), arguments[2])
	case len(arguments) == 2 && arguments[0] == "make":
		return makeLog(arguments[1])
	}
	return errors.New("interop check <folder or address> <proofs.json> | interop make <folder>")
}
