package main

import (
	"runtime"
	"syscall"
)

// What the process has taken since it started.
type usage struct {
	CPUUs        int64 `json:"cpuUs"`
	PeakRssBytes int64 `json:"peakRssBytes"`
}

func used() (usage, error) {
	var all syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &all); err != nil {
		return usage{}, err
	}
	peak := int64(all.Maxrss)
	// The one system that counts in bytes.
	if runtime.GOOS != "darwin" {
		peak *= 1024
	}
	us := func(of syscall.Timeval) int64 { return int64(of.Sec)*1_000_000 + int64(of.Usec) }
	return usage{CPUUs: us(all.Utime) + us(all.Stime), PeakRssBytes: peak}, nil
}
