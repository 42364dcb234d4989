// Package support has what all programs in Go share: arguments, input, and a checksum that depends on everything they
// computed.
package support

import (
	"hash"
	"hash/fnv"
	"io"
	"os"
	"strconv"
)

// Fail ends the program with a message.
func Fail(what string, why error) {
	message := what
	if why != nil {
		message += ": " + why.Error()
	}
	os.Stderr.WriteString(message + "\n")
	os.Exit(1)
}

// Number is the number that is the argument at this position; 0 is the program's name.
func Number(position int) int {
	if position >= len(os.Args) {
		Fail("a number is expected", nil)
	}
	number, err := strconv.Atoi(os.Args[position])
	if err != nil {
		Fail("a number is expected", err)
	}
	return number
}

// Input is what stands on standard input.
func Input() string {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		Fail("no input", err)
	}
	return string(text)
}

// Checksum is FNV-1a, 64 bits.
type Checksum struct{ hash.Hash64 }

// NewChecksum is the checksum of nothing.
func NewChecksum() Checksum {
	return Checksum{fnv.New64a()}
}

// Text takes a text in.
func (c Checksum) Text(text string) {
	c.Write([]byte(text))
}

// Number takes a number in.
func (c Checksum) Number(number int) {
	c.Text(strconv.Itoa(number) + ";")
}

// Print prints it under a name.
func (c Checksum) Print(name string) {
	digits := strconv.FormatUint(c.Sum64(), 16)
	os.Stdout.WriteString(name + " " + "0000000000000000"[len(digits):] + digits + "\n")
}
