// go_words ROUNDS: takes sixty lines of a text at a time apart into words, numbers and signs, and makes an index of them. Four
// goroutines read the lines from a channel and count in maps of their own; then all maps become one list, sorted.
package main

import (
	"errors"
	"sort"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"workloads/support"
)

// A token is a word, a number or a sign.
type token interface {
	// key is what it is counted under.
	key() string
	// weight is what it counts.
	weight() int
}

type word struct{ text string }

type number struct{ value int }

type sign struct{ char rune }

func (w word) key() string   { return strings.ToLower(w.text) }
func (w word) weight() int   { return len(w.text) }
func (n number) key() string { return "#" + strconv.Itoa(n.value%97) }
func (n number) weight() int { return 1 }
func (s sign) key() string   { return string(s.char) }
func (s sign) weight() int   { return 0 }

// line is a line of the text, with its number.
type line struct {
	number int
	text   string
}

// entry is what is known of a token.
type entry struct {
	key    string
	count  int
	weight int
	lines  []int
}

type index map[string]*entry

// scanner takes a line apart.
type scanner struct {
	rest string
}

var errEnd = errors.New("the line is at its end")

// while takes off what all satisfies a condition.
func (s *scanner) while(holds func(rune) bool) string {
	end := strings.IndexFunc(s.rest, func(char rune) bool { return !holds(char) })
	if end < 0 {
		end = len(s.rest)
	}
	taken := s.rest[:end]
	s.rest = s.rest[end:]
	return taken
}

// next is the next token. Numbers that do not fit panic, as parsers in Go are written.
func (s *scanner) next() (token, error) {
	s.while(unicode.IsSpace)
	char, size := utf8.DecodeRuneInString(s.rest)
	switch {
	case size == 0:
		return nil, errEnd
	case unicode.IsLetter(char):
		return word{s.while(unicode.IsLetter)}, nil
	case unicode.IsDigit(char):
		digits := s.while(unicode.IsDigit)
		value, err := strconv.Atoi(digits)
		if err != nil {
			panic(err)
		}
		return number{value}, nil
	default:
		s.rest = s.rest[size:]
		return sign{char}, nil
	}
}

// add counts a token.
func (i index) add(found token, at int) {
	key := found.key()
	known, there := i[key]
	if !there {
		known = &entry{key: key}
		i[key] = known
	}
	known.count++
	known.weight += found.weight()
	if last := len(known.lines) - 1; last < 0 || known.lines[last] != at {
		known.lines = append(known.lines, at)
	}
}

// scan takes a line into the index; the result says whether it was fine.
func (i index) scan(from line) (fine bool) {
	defer func() { fine = recover() == nil }()
	s := scanner{from.text}
	for {
		switch found, err := s.next(); {
		case errors.Is(err, errEnd):
			return true
		default:
			i.add(found, from.number)
		}
	}
}

// byCount is the order of entries: frequent ones first.
type byCount []*entry

func (b byCount) Len() int      { return len(b) }
func (b byCount) Swap(i, j int) { b[i], b[j] = b[j], b[i] }
func (b byCount) Less(i, j int) bool {
	if b[i].count != b[j].count {
		return b[i].count > b[j].count
	}
	return b[i].key < b[j].key
}

// merge makes one sorted list of all entries.
func merge(shares []index) []*entry {
	all := index{}
	for _, share := range shares {
		for key, part := range share {
			known, there := all[key]
			if !there {
				all[key] = part
				continue
			}
			known.count += part.count
			known.weight += part.weight
			known.lines = append(known.lines, part.lines...)
		}
	}
	sorted := make([]*entry, 0, len(all))
	for _, one := range all {
		sort.Ints(one.lines)
		sorted = append(sorted, one)
	}
	sort.Sort(byCount(sorted))
	return sorted
}

func main() {
	const workers, window = 4, 60
	text, rounds := strings.Split(support.Input(), "\n"), support.Number(1)
	checksum := support.NewChecksum()
	for round := range rounds {
		lines := make(chan line, 16)
		shares := make([]index, workers)
		bad := make(chan int)
		var working sync.WaitGroup
		for i := range shares {
			shares[i] = index{}
			working.Add(1)
			go func() {
				defer working.Done()
				failed := 0
				for from := range lines {
					if !shares[i].scan(from) {
						failed++
					}
				}
				bad <- failed
			}()
		}
		go func() {
			for i := range window {
				at := (round*window + i) % len(text)
				from := line{at, text[at]}
				if i%9 == 0 {
					from.text += " 99999999999999999999 is too large"
				}
				lines <- from
			}
			close(lines)
		}()
		failed := 0
		for range workers {
			failed += <-bad
		}
		working.Wait()
		checksum.Number(failed)
		for _, one := range merge(shares) {
			checksum.Text(one.key)
			checksum.Number(one.count)
			checksum.Number(one.weight)
			for _, at := range one.lines {
				checksum.Number(at)
			}
		}
	}
	checksum.Print("go_words")
}
