// go_format ROUNDS: parses a program in Go, renames what is declared in functions, sorts the declarations by their
// names, prints it, and parses what it has printed.
package main

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"workloads/support"
)

// name is what a declaration is sorted by.
func name(of ast.Decl) string {
	switch decl := of.(type) {
	case *ast.FuncDecl:
		return decl.Name.Name
	case *ast.GenDecl:
		if decl.Tok == token.IMPORT {
			return ""
		}
		switch spec := decl.Specs[0].(type) {
		case *ast.TypeSpec:
			return spec.Name.Name
		case *ast.ValueSpec:
			return spec.Names[0].Name
		}
	}
	return "~"
}

// rename gives names that are declared in a function others.
func rename(file *ast.File, round int) (renamed int) {
	for _, decl := range file.Decls {
		function, is := decl.(*ast.FuncDecl)
		if !is || function.Body == nil {
			continue
		}
		names := map[string]string{}
		declare := func(of ast.Expr) {
			if ident, is := of.(*ast.Ident); is && ident.Name != "_" {
				names[ident.Name] = ident.Name + strconv.Itoa(round+len(names))
			}
		}
		ast.Inspect(function.Body, func(node ast.Node) bool {
			if assign, is := node.(*ast.AssignStmt); is && assign.Tok == token.DEFINE {
				for _, left := range assign.Lhs {
					declare(left)
				}
			}
			return true
		})
		ast.Inspect(function.Body, func(node ast.Node) bool {
			if selector, is := node.(*ast.SelectorExpr); is {
				ast.Inspect(selector.X, func(inner ast.Node) bool {
					if ident, is := inner.(*ast.Ident); is {
						if to, there := names[ident.Name]; there {
							ident.Name = to
							renamed++
						}
					}
					return true
				})
				return false
			}
			if ident, is := node.(*ast.Ident); is {
				if to, there := names[ident.Name]; there {
					ident.Name = to
					renamed++
				}
			}
			return true
		})
	}
	return renamed
}

// count says how many nodes of each kind there are: depth and number.
func count(file *ast.File) (deepest, nodes int) {
	depth := 0
	ast.Inspect(file, func(node ast.Node) bool {
		if node == nil {
			depth--
			return false
		}
		depth++
		nodes++
		deepest = max(deepest, depth)
		return true
	})
	return deepest, nodes
}

func main() {
	source, rounds := support.Input(), support.Number(1)
	checksum := support.NewChecksum()
	for round := range rounds {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, "input.go", source, 0)
		if err != nil {
			support.Fail("parsing", err)
		}
		checksum.Number(rename(file, round))
		slices.SortStableFunc(file.Decls, func(a, b ast.Decl) int { return strings.Compare(name(a), name(b)) })
		var printed bytes.Buffer
		config := printer.Config{Mode: printer.UseSpaces | printer.TabIndent, Tabwidth: 4 + round%4}
		if err := config.Fprint(&printed, files, file); err != nil {
			support.Fail("printing", err)
		}
		again, err := parser.ParseFile(token.NewFileSet(), "printed.go", printed.Bytes(), 0)
		if err != nil {
			support.Fail("parsing what was printed", err)
		}
		deepest, nodes := count(again)
		checksum.Number(deepest)
		checksum.Number(nodes)
		checksum.Write(printed.Bytes())
	}
	checksum.Print("go_format")
}
