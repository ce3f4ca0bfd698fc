use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::{sleep, timeout};

/// How asks that come at about the same time are brought together into one call.
#[derive(Clone, Copy, Debug)]
pub struct Gathering {
    /// A pause this long ends the batch.
    pub quiet: Duration,
    /// So does this much time since its first ask.
    pub longest: Duration,
    /// And so does this many asks.
    pub most: usize,
}

/// The next batch: waits for a first ask, then takes what else comes. Nothing when no more can come.
pub async fn gather<T>(asks: &mut Receiver<T>, gathering: Gathering) -> Option<Vec<T>> {
    let mut batch = vec![asks.recv().await?];
    let end = sleep(gathering.longest);
    tokio::pin!(end);
    while batch.len() < gathering.most {
        tokio::select! {
            () = &mut end => break,
            next = timeout(gathering.quiet, asks.recv()) => match next {
                Ok(Some(ask)) => batch.push(ask),
                Ok(None) | Err(_) => break,
            },
        }
    }
    Some(batch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    const GATHERING: Gathering =
        Gathering { quiet: Duration::from_millis(20), longest: Duration::from_millis(50), most: 3 };

    #[tokio::test(start_paused = true)]
    async fn what_comes_together_goes_together() {
        let (tx, mut rx) = mpsc::channel(10);
        for ask in 0..5 {
            tx.send(ask).await.unwrap();
        }
        assert_eq!(gather(&mut rx, GATHERING).await, Some(vec![0, 1, 2]));
        assert_eq!(gather(&mut rx, GATHERING).await, Some(vec![3, 4]));
        drop(tx);
        assert_eq!(gather(&mut rx, GATHERING).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_steady_trickle_cannot_hold_a_batch_open() {
        let (tx, mut rx) = mpsc::channel(10);
        tokio::spawn(async move {
            for ask in 0..100 {
                sleep(Duration::from_millis(19)).await;
                if tx.send(ask).await.is_err() {
                    return;
                }
            }
        });
        let gathering = Gathering { most: 100, ..GATHERING };
        assert_eq!(gather(&mut rx, gathering).await.map(|batch| batch.len()), Some(3));
    }
}
