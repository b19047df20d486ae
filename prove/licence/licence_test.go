package licence

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestIdentify(t *testing.T) {
	const bsd = "Copyright X. Redistribution and use in source and\n binary forms, with or without modification ... retain this list of conditions"
	for _, tc := range []struct{ text, want string }{
		{"   Apache License\n  Version 2.0, January 2004", "Apache-2.0"},
		{"Permission is hereby granted, free of charge, to any person obtaining a copy of it. The above copyright notice and this\npermission notice shall be included in all copies", "MIT"},
		{bsd, "BSD-2-Clause"},
		{bsd + " Neither the name of X nor ... endorse or promote", "BSD-3-Clause"},
		{"GNU GENERAL PUBLIC LICENSE Version 3, 29 June 2007", "GPL-3.0-only"},
		{"GNU LESSER GENERAL PUBLIC LICENSE Version 2.1", "LGPL-2.1-only"},
		{"Mozilla Public License Version 2.0", "MPL-2.0"},
	} {
		if got, err := Identify(tc.text); err != nil || got != tc.want {
			t.Errorf("%.30q is %s, %v; want %s", tc.text, got, err, tc.want)
		}
	}
}

func TestAnUnknownTextIsNotGuessed(t *testing.T) {
	for _, text := range []string{"", "All rights reserved.", "Permission is hereby granted to our customers"} {
		if got, err := Identify(text); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q is %s, %v", text, got, err)
		}
	}
	dir := t.TempDir()
	if _, err := Of(dir); !errors.Is(err, ErrUnknown) {
		t.Errorf("a folder without a licence: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "COPYING"), []byte("Apache License Version 2.0, January 2004"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Of(dir); got != "Apache-2.0" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}
