// What Go's standard library does with files, folders, the environment, clocks and randomness, through its own functions.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"
)

// say prints a result, or what kind of error there was.
func say(what string, err error, results ...any) {
	kinds := map[string]error{
		"is there": fs.ErrExist, "is not there": fs.ErrNotExist, "not permitted": fs.ErrPermission, "closed": fs.ErrClosed, "at its end": io.EOF,
	}
	for kind, target := range kinds {
		if errors.Is(err, target) {
			fmt.Println(what+":", kind)
			return
		}
	}
	var at *fs.PathError
	switch {
	case errors.As(err, &at):
		fmt.Println(what+":", at.Op, "failed:", at.Err)
	case err != nil:
		fmt.Println(what+":", err)
	default:
		fmt.Println(append([]any{what + ":"}, results...)...)
	}
}

func files() {
	say("make folders", os.MkdirAll("/a/b/c", 0o755))
	say("make one again", os.Mkdir("/a", 0o755))
	say("write", os.WriteFile("/a/b/file", []byte("first line\nsecond line\n"), 0o644))
	text, err := os.ReadFile("/a/b/file")
	say("read", err, fmt.Sprintf("%q", text))
	_, err = os.ReadFile("/a/b/none")
	say("read what is not there", err)
	_, err = os.OpenFile("/a/b/file", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	say("make what is there", err)

	file, err := os.OpenFile("/a/b/file", os.O_RDWR|os.O_APPEND, 0)
	say("open", err)
	_, err = file.WriteString("third line\n")
	say("append", err)
	place, err := file.Seek(6, io.SeekStart)
	say("seek", err, place)
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fmt.Printf("  %q\n", lines.Text())
	}
	say("scan", lines.Err())
	part := make([]byte, 4)
	read, err := file.ReadAt(part, 11)
	say("read at a place", err, read, string(part))
	_, err = file.ReadAt(part, 1000)
	say("read beyond the end", err)
	say("cut", file.Truncate(5))
	info, err := file.Stat()
	say("stat", err, info.Name(), info.Size(), info.IsDir(), info.Mode().IsRegular())
	say("sync", file.Sync())
	say("close", file.Close())
	say("close again", file.Close())

	then := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	say("set times", os.Chtimes("/a/b/file", then, then))
	info, err = os.Stat("/a/b/file")
	say("modified", err, info.ModTime().UTC())
	say("link", os.Link("/a/b/file", "/a/linked"))
	say("symbolic link", os.Symlink("b/file", "/a/symbolic"))
	leads, err := os.Readlink("/a/symbolic")
	say("leads to", err, leads)
	info, err = os.Lstat("/a/symbolic")
	say("is a link", err, info.Mode()&fs.ModeSymlink != 0)
	text, err = os.ReadFile("/a/symbolic")
	say("read through it", err, string(text))
	say("rename", os.Rename("/a/linked", "/a/b/c/moved"))
	say("rename what is not there", os.Rename("/a/linked", "/a/x"))
	say("change the folder", os.Chdir("/a/b"))
	text, err = os.ReadFile("c/../file")
	say("read from there", err, string(text))
	_, err = os.ReadFile("../../../etc/passwd")
	say("read what is above", err)
}

func folders() {
	say("walk", filepath.WalkDir("/a", func(path string, entry fs.DirEntry, err error) error {
		fmt.Println(" ", path, entry.IsDir(), entry.Type())
		return err
	}))
	// Many files, made by goroutines side by side.
	var making sync.WaitGroup
	failures := make(chan error, 8)
	for worker := range 4 {
		making.Add(1)
		go func() {
			defer making.Done()
			for i := range 25 {
				name := fmt.Sprintf("/a/b/c/%d-%d", worker, i)
				if err := os.WriteFile(name, []byte(name), 0o600); err != nil {
					failures <- err
				}
			}
		}()
	}
	making.Wait()
	close(failures)
	for err := range failures {
		say("make", err)
	}
	entries, err := os.ReadDir("/a/b/c")
	say("entries", err, len(entries), sort.SliceIsSorted(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() }))
	folder, err := os.Open("/a/b/c")
	say("open", err)
	count := 0
	for {
		some, err := folder.Readdirnames(7)
		count += len(some)
		if err != nil {
			say("the last ones", err)
			break
		}
	}
	say("names, seven at a time", folder.Close(), count)
	total := 0
	all, err := fs.Glob(os.DirFS("/a/b/c"), "*-1*")
	for _, name := range all {
		text, _ := os.ReadFile(filepath.Join("/a/b/c", name))
		total += len(text)
	}
	say("names with a pattern", err, len(all), total)
	temporary, err := os.MkdirTemp("/a", "temporary")
	say("a temporary folder", err, strings.HasPrefix(temporary, "/a/temporary"))
	say("remove what is not empty", os.Remove("/a/b"))
	say("remove all", os.RemoveAll("/a"))
	_, err = os.Stat("/a")
	say("is it there", err)
}

func process() {
	fmt.Printf("%q\n", os.Args[1:])
	value, there := os.LookupEnv("NAME")
	fmt.Printf("%q %t\n", value, there)
	_, there = os.LookupEnv("NONE")
	fmt.Println(there, len(os.Environ()))
	where, err := os.Getwd()
	say("works in", err, where)

	input := bufio.NewReader(os.Stdin)
	line, err := input.ReadString('\n')
	say("a line", err, fmt.Sprintf("%q", line))
	rest, err := io.ReadAll(input)
	say("the rest", err, fmt.Sprintf("%q", rest))

	start := time.Now()
	time.Sleep(15 * time.Millisecond)
	fmt.Println("slept", time.Since(start) >= 15*time.Millisecond, start.Year() >= 2020)
	ticks, ticker := 0, time.NewTicker(2*time.Millisecond)
	for never := time.After(time.Hour); ticks < 3; {
		select {
		case <-ticker.C:
			ticks++
		case <-never:
			fmt.Println("an hour is over")
		}
	}
	ticker.Stop()
	fmt.Println("ticked", ticks)
	fmt.Println("random", rand.Uint64() != rand.Uint64())
	host, err := os.Hostname()
	say("host", err, host != "")
}

func main() {
	process()
	files()
	folders()
	defer func() {
		fmt.Println("recovered:", recover())
		fmt.Fprintln(os.Stderr, "on standard error")
		os.Exit(9)
	}()
	var nothing map[string]int
	nothing["x"] = 1
}
